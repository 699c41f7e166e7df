/** What the page's server refuses, and what becomes of connections that are handed to it. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoredBuilds } from '../../test/rig/stored-build.ts';
import { temporaryFolder } from '../disk/model.test-helper.ts';
import { Artifacts } from './artifacts/artifacts.ts';
import { Downloads } from './downloads.ts';
import { dataAt, type Data } from './routes.ts';
import { PageServer } from './server.ts';
import { PastView, type View } from './view.ts';

const folder = temporaryFolder();
let builds: StoredBuilds;
let past: PastView;
beforeAll(() => {
  builds = new StoredBuilds(folder.path);
  const record = (text: string): string => {
    const outputs = { text: builds.file(text) };
    return builds.record(Date.UTC(2026, 0, 1) + text.length, [{ label: '//a', mnemonic: 'Make', inputs: {}, outputs }]);
  };
  record('one');
  past = new PastView(sources(), builds.history.record(record('another'))!);
});
afterAll(() => folder[Symbol.dispose]());

const sources = () => ({ store: builds.store, root: builds.root, history: builds.history });

/** A build that goes on, though all of it is known. */
class Going extends PastView {
  override get isRunning(): boolean {
    return true;
  }
}

function shown(live: View): Data & Disposable {
  const artifacts = new Artifacts(sources);
  return {
    live,
    past: () => past,
    pastBuilds: () => [],
    artifacts,
    [Symbol.dispose]: () => artifacts[Symbol.dispose](),
  };
}

test.each([true, false])('while a build goes on (%s), no builds are compared, past ones neither', async (isRunning) => {
  using data = shown(isRunning ? new Going(sources(), builds.history.record(past.build)!) : past);
  using downloads = new Downloads();
  for (const build of [{}, { build: 'past' }]) {
    const query = new URLSearchParams({ ...build, place: '0', output: 'text' });
    const told = (await dataAt(data, downloads, '/api/difference', query)) as { lines: string[] } | undefined;
    expect(told === undefined).toBe(isRunning);
  }
});

/** A port whose connections are handed to a page. */
async function handing() {
  using data = shown(past);
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await PageServer.open(data, {
    port,
    connections: (take) => {
      server.on('connection', (connection: Socket) => {
        take(connection);
        connection.resume();
      });
      return { [Symbol.dispose]: () => void server.close() };
    },
  });
  return { port, [Symbol.dispose]: () => page[Symbol.dispose]() };
}

test('a connection that sends no whole request is closed', { tags: ['long'], timeout: 30_000 }, async () => {
  using page = await handing();
  const slow = connect(page.port, '127.0.0.1');
  slow.write('GET / HTTP/1.1\r\n');
  const sending = setInterval(() => slow.write('X: y\r\n'), 1000);
  await once(
    slow.on('error', () => {}),
    'close',
  );
  clearInterval(sending);
  expect(slow.destroyed).toBe(true);
});

test('one that has sent a request is answered', async () => {
  using page = await handing();
  const [response] = (await once(get({ host: '127.0.0.1', port: page.port }), 'response')) as [IncomingMessage];
  expect(response.resume().statusCode).toBe(200);
});

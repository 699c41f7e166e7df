/** Pages that come and go while a build ends. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { BuildState } from './build-state.ts';
import type { WholeBuild } from './protocol.ts';
import { Streams } from './streams.ts';

const HEAD = { build: 'b', workspace: '/w', asked: ['//x'], startedAt: 0 };
const NOTHING: WholeBuild = {
  snapshot: new BuildState(HEAD, [], new Set()).snapshot(),
  details: {},
  artifacts: { outputs: {}, disks: {} },
};

/** A server whose pages follow a build, as long as there is room. */
async function serving(streams: Streams) {
  const server = createServer((_request, response) => {
    if (!streams.add(response)) response.writeHead(503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    open: async () => {
      const [response] = (await once(get({ host: '127.0.0.1', port }), 'response')) as [IncomingMessage];
      return response;
    },
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('a page that comes while the others get the last message is refused, and harms nothing', async () => {
  const streams = new Streams(new BuildState(HEAD, [], new Set()));
  using server = await serving(streams);
  // Does not read: the last message is longer than what the kernel takes.
  const slow = await server.open();
  const workspace = 'w'.repeat(32 * 1024 * 1024);
  const whole = { ...NOTHING, snapshot: { ...NOTHING.snapshot, head: { ...NOTHING.snapshot.head, workspace } } };
  const ended = streams.end(() => Promise.resolve(whole), false);
  const late = await server.open();
  expect(late.statusCode).toBe(503);
  late.resume();
  let text = '';
  for await (const piece of slow.setEncoding('utf8')) text = `${text}${piece as string}`.slice(-100);
  expect(text).toMatch(/"again":false\}\n\n$/);
  await ended;
});

test('a page that comes when the build has ended is refused', async () => {
  const streams = new Streams(new BuildState(HEAD, [], new Set()));
  using server = await serving(streams);
  await streams.end(() => Promise.resolve(NOTHING), false);
  expect((await server.open()).resume().statusCode).toBe(503);
});

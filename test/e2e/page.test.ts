/** The page of a build: who may read it, what it is told, and what is left of it when the build has ended. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PageCell, PageDisk, PageItem, PageOutput } from '../../src/page/artifacts/protocol.ts';
import type { Details, Message, PastBuild, Snapshot, WholeBuild } from '../../src/page/protocol.ts';
import { DISK_PROJECT } from '../rig/disk-project.ts';
import { countingRules, Project, TestStore } from '../rig/index.ts';
import { heldBuildFile, MARKUP, startHeld } from '../rig/held-build.ts';
import { PageReader } from '../rig/page-reader.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());
beforeEach(() => {
  project = new Project(store, countingRules());
  project.write('build.dsm.ts', heldBuildFile(project));
});
afterEach(() => project[Symbol.dispose]());

const stateOf = ({ actions, runs }: Snapshot, label: string) =>
  runs[actions.findIndex((action) => action.label === label)]?.state;

describe('a build that goes on', () => {
  it('is told to a page that comes late, and to its end', async () => {
    const { page, end } = await startHeld(project);
    const messages: Message[] = [];
    for await (const message of page.follow()) {
      messages.push(message);
      if (messages.length === 1) void end();
    }
    const [first, ...others] = messages;
    if (first?.type !== 'snapshot') throw new Error('the first message is not a snapshot');
    expect(first.snapshot.head).toMatchObject({ asked: ['//held'], workspace: project.folder });
    expect(first.snapshot.actions.map(({ label, inputs }) => [label, inputs])).toEqual([
      ['//loud', []],
      ['//held', [0]],
    ]);
    const last = others.at(-1);
    if (last?.type !== 'ended') throw new Error('the last message is not the end');
    const { snapshot, details } = last.whole;
    expect(snapshot.head).toMatchObject({ success: true, elapsedMs: expect.any(Number) });
    expect(snapshot.runs).toMatchObject([{ state: 'executed' }, { state: 'executed' }]);
    expect(details[0]?.log?.text).toBe(`${MARKUP}red\\x1b[2J\n`);
    expect(details[0]?.why).toEqual([expect.stringMatching(/^\/\/loud Shell: ran \(.*\), it was never built here$/)]);
    expect((await end()).exitCode).toBe(0);
  });

  it('is shown to nobody but to who has the address, by a server that can only be read', async () => {
    const { page, end } = await startHeld(project);
    const { port, own } = page;
    const status = async (path: string, headers: Readonly<Record<string, string>>, method?: string) =>
      (await page.get(path, headers, method)).status;
    for (const path of [
      '/api/build',
      '/api/stream',
      '/api/builds',
      '/api/details?place=0',
      '/api/item',
      '/api/ticket',
      '/api/other',
    ]) {
      expect(await status(path, {}), `of ${path}`).toBe(401);
      expect(await status(path, { authorization: `Bearer ${page.token}x` }), `of ${path}`).toBe(401);
      expect(await status(path, { ...own, host: `evil.example:${port}` }), `of ${path}`).toBe(403);
      expect(await status(path, { ...own, origin: 'http://evil.example' }), `of ${path}`).toBe(403);
      expect(await status(path, { ...own, 'sec-fetch-site': 'cross-site' }), `of ${path}`).toBe(401);
    }
    expect(await status('/', { host: 'evil.example' })).toBe(403);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect(await status('/api/build', own, method), `of ${method}`).toBe(405);
    for (const path of ['/api/other', '/api/build?build=../x', '/api/details?place=9&build=x', '/../etc/passwd', '/x'])
      expect(await status(path, own), `of ${path}`).toBe(404);
    expect(await status('/api/build', { ...own, host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(
      200,
    );
    // The document has nothing of the build, and lets nothing else in.
    for (const path of ['/', '/page.js', '/page.css']) {
      const { status, headers, text } = await page.get(path, {});
      expect(status, `of ${path}`).toBe(200);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(headers).toMatchObject({
        ...{ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' },
        'cache-control': 'no-store',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(text).not.toContain(project.folder);
      expect(text).not.toContain(page.token);
    }
    expect((await page.get('/', {})).text).not.toMatch(/https?:|<script>|style=| on\w+=/);
    await end();
  });
});

describe('what has failed', () => {
  it('is in the file of --html, told from what only followed, in one file that asks nobody', async () => {
    const { exitCode } = await project.run(['build', '//above', '--html', 'page.html']);
    expect(exitCode).toBe(1);
    const page = project.read('page.html');
    const { snapshot, details } = wholeOf(page);
    expect(['//loud', '//wrong', '//above'].map((label) => stateOf(snapshot, label))).toEqual([
      ...['executed', 'failed', 'skipped'],
    ]);
    const told = details[snapshot.actions.findIndex(({ label }) => label === '//wrong')];
    expect(told?.error).toContain(MARKUP);
    expect(told?.log?.text).toBe(`${MARKUP}\n`);
    expect(page).not.toContain(MARKUP);
    const markup = page.replaceAll(/<(script|style)\b([^>]*)>[^]*?<\/\1>/g, '<$1$2>');
    expect(markup.match(/<\w+/g)?.toSorted()).toEqual([
      ...['<body', '<head', '<html', '<meta', '<meta', '<meta', '<meta', '<script', '<script', '<style', '<title'],
    ]);
    expect(markup).not.toMatch(/\b(src|href)=|https?:/);
    expect(allowedBy(page, 'script')).toEqual([digestOf(page, 'script')]);
    expect(allowedBy(page, 'style')).toEqual([digestOf(page, 'style')]);
  });
});

/** The build that is in a page. */
function wholeOf(page: string): WholeBuild {
  const [, data = ''] = /<script type="application\/json" id="build">([^<]*)<\/script>/.exec(page) ?? [];
  return JSON.parse(data) as WholeBuild;
}

function allowedBy(page: string, kind: string): string[] {
  const [, sources = ''] = new RegExp(`${kind}-src ([^;]*);`).exec(page) ?? [];
  return sources.split(' ');
}

function digestOf(page: string, kind: string): string {
  const [, text = ''] = new RegExp(`<${kind}>([^]*?)</${kind}>`).exec(page) ?? [];
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

describe('past builds', () => {
  it('are shown by dsmb ui until it is ended', async () => {
    await project.run(['build', '//above', '//loud', '--keep-going']);
    const ui = project.start(['ui']);
    await ui.untilSaid('\n');
    const page = PageReader.told(ui.said);
    expect((await page.get('/api/stream')).status).toBe(404);
    const [past] = await page.json<PastBuild[]>('/api/builds');
    expect(past).toMatchObject({ asked: ['//above', '//loud'], success: false, ran: 2, actions: 3 });
    const snapshot = await page.json<Snapshot>(`/api/build?build=${past!.build}`);
    expect(stateOf(snapshot, '//wrong')).toBe('failed');
    const place = snapshot.actions.findIndex(({ label }) => label === '//wrong');
    // Its map and its time line: what was made of what, and when.
    const loud = snapshot.actions.findIndex(({ label }) => label === '//loud');
    expect(snapshot.actions[place]!.inputs).toEqual([loud]);
    expect(snapshot.runs[place]!.start).toBeGreaterThanOrEqual(snapshot.runs[loud]!.end!);
    const details = await page.json<Details>(`/api/details?build=${past!.build}&place=${place}`);
    expect(details.log?.text).toBe(`${MARKUP}\n`);
    ui.interrupt();
    expect((await ui.finished).exitCode).toBe(0);
  });
});

describe('the outputs of builds', () => {
  it('are looked into by dsmb ui: a disk to its files and their cause, and files to be saved', async () => {
    for (const [path, text] of Object.entries(DISK_PROJECT)) project.write(path, text);
    await project.build(['//disk']);
    project.edit('files/grub.cfg', 'mac1=1', 'mac1=2');
    await project.run(['build', '//disk', '--html', 'page.html']);
    const ui = project.start(['ui']);
    await ui.untilSaid('\n');
    const page = PageReader.told(ui.said);
    const [{ build }] = (await page.json<PastBuild[]>('/api/builds')) as [PastBuild];
    const ask = <T>(what: string, query: Readonly<Record<string, string>>): Promise<T> =>
      page.json(`/api/${what}?${new URLSearchParams({ build, place: '0', ...query }).toString()}`);
    const outputs = await ask<PageOutput[]>('outputs', {});
    expect(outputs.map(({ name, kind }) => [name, kind])).toEqual([
      ['disk', 'disk'],
      ['strange', 'folder'],
    ]);
    const map = await ask<PageDisk>('disk', { output: 'disk' });
    expect(map.runs.filter(({ state }) => state === 'changed')).toEqual([{ state: 'changed', count: 1 }]);
    const { cells } = wholeOf(project.read('page.html')).artifacts.disks['0/disk']!;
    const cell = await ask<PageCell>('cell', { output: 'disk', cell: '1', since: map.since!.build });
    const [use] = cell.uses;
    expect(use).toMatchObject({ name: '/boot/grub.cfg', changed: 512, at: ['disk', 'p1', 'boot', 'grub.cfg'] });
    expect(use!.trail).toEqual([{ text: 'the same file as grub.cfg of input files, the source files' }]);
    expect(cell.why.join('\n')).toMatch(/because of\n {2}file .*files\n {4}grub\.cfg: /);
    // The file of --html has it as well.
    expect(cells.map(({ index, uses }) => [index, uses[0]?.name])).toEqual([[1, '/boot/grub.cfg']]);
    const { entries = [] } = await ask<PageItem>('item', { at: JSON.stringify(['strange']) });
    expect(entries.map(({ name }) => name).sort()).toEqual([
      '50% ?a=b&c#d.bin',
      MARKUP.replaceAll('/', '\\'),
      'page.html',
      'picture.svg',
      'pixel.png',
    ]);
    await saves(page, (name) => ask('ticket', { at: JSON.stringify(['strange', name]) }));
    ui.interrupt();
    expect((await ui.finished).exitCode).toBe(0);
  });
});

/** A file goes to who has asked for it with the token, once, and as nothing that a browser shows or runs. */
async function saves(page: PageReader, ticket: (name: string) => Promise<{ readonly path: string }>): Promise<void> {
  const { path } = await ticket('page.html');
  expect(path).toMatch(/^\/download\/[\w-]{32}$/);
  expect((await page.get(path, { host: 'evil.example' })).status).toBe(403);
  const { status, headers, text } = await page.get(path, {});
  expect([status, text]).toEqual([200, '<script>hit = 1</script>']);
  expect(headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="page.html"',
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
  expect((await page.get(path, {})).status).toBe(404);
  expect((await page.get('/download/', {})).status).toBe(404);
  const odd = await page.get((await ticket('50% ?a=b&c#d.bin')).path, {});
  expect(odd.headers['content-disposition']).toBe('attachment; filename="50___a_b_c_d.bin"');
}

describe('the address', () => {
  it('reaches a browser in a file that only the user can read, and not in its arguments', async () => {
    mkdirSync(project.path('bin'));
    const opened = project.path('opened');
    writeFileSync(
      project.path('bin/xdg-open'),
      `#!/bin/sh\n{ stat -c %a "$1"; cat "$1"; echo "arguments: $*"; } >${opened}.new; mv ${opened}.new ${opened}\n`,
      { mode: 0o755 },
    );
    const PATH = `${project.path('bin')}:${process.env['PATH']}`;
    const build = project.start(['build', '//loud', '--ui'], { env: { DISPLAY: ':9', PATH } });
    await expect.poll(() => existsSync(opened), { timeout: 60_000 }).toBe(true);
    const page = PageReader.told(build.said);
    const [mode, document = '', given = ''] = readFileSync(opened, 'utf8').split('\n');
    expect(mode).toBe('600');
    expect(document).toContain(`url=http://127.0.0.1:${page.port}/#${page.token}"`);
    expect(given).not.toContain(page.token);
    // The build waits for the browser that it has asked to come.
    let last: Message | undefined;
    for await (const message of page.follow()) last = message;
    expect(last?.type).toBe('ended');
    expect((await build.finished).exitCode).toBe(0);
    const [, file = ''] = /arguments: (\S+)/.exec(given) ?? [];
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('is told with how to get there from elsewhere, and can have a port of the user’s choice that no program has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const taken = await project.run(['build', '//loud', '--ui', '--ui-port', port]);
    expect(taken).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('PORT_TAKEN') });
    server.close();
    await once(server, 'close');
    const { exitCode, stderr } = await project.run(['build', '//loud', '--ui', '--ui-port', port], {
      env: { DISPLAY: '', WAYLAND_DISPLAY: '' },
    });
    expect(exitCode).toBe(0);
    expect(PageReader.told(stderr).port).toBe(Number(port));
    expect(stderr).toMatch(new RegExp(`after: ssh -N -L ${port}:127\\.0\\.0\\.1:${port} \\S+@\\S+\\n`));
    expect((await project.run(['build', '//loud', '--ui', '--ui-port', '65536'])).exitCode).toBe(2);
  });

  it('is the same for all builds of a watch, whose page stays between them', async () => {
    project.write('go', '');
    // The first build ends before it has a page: the address is told by the next one.
    const file = project.read('build.dsm.ts');
    project.write('build.dsm.ts', `${file}\nthrow new Error('not yet');\n`);
    const port = await freePort();
    const watch = project.start(['watch', '//loud', '--ui', '--ui-port', `${port}`]);
    await watch.untilSaid('not yet');
    // No build serves the page now, and nobody else can take its port.
    const [refusal] = (await once(createServer().listen(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    expect(refusal.code).toBe('EADDRINUSE');
    project.write('build.dsm.ts', file);
    await watch.untilSaid('1 executed');
    const page = PageReader.told(watch.said);
    const first = await firstSnapshot(page);
    expect(first.head).toMatchObject({ success: true });
    project.edit('build.dsm.ts', 'red', 'blue');
    await expect.poll(() => buildNow(page, first.head.build), { timeout: 60_000 }).toBe(true);
    watch.interrupt();
    await watch.finished;
    expect(watch.said.match(/^page: /gm)).toHaveLength(1);
    expect(await store.processesLeft()).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function firstSnapshot(page: PageReader): Promise<Snapshot> {
  for await (const message of page.follow()) if (message.type === 'snapshot') return message.snapshot;
  throw new Error('no snapshot came');
}

/** Whether a build after another one has ended well. */
async function buildNow(page: PageReader, after: string): Promise<boolean> {
  try {
    const { head } = await page.json<Snapshot>('/api/build');
    return head.build !== after && head.success === true;
  } catch {
    return false;
  }
}

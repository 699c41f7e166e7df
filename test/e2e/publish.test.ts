/** `dsmb run //publish` and `//served`: what is uploaded, in which order, again, after a cut, and what is removed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';
import { BLOCK, makeInstaller } from '../rig/made-installer.ts';
import { freePort } from '../rig/ssh-server.ts';
import { Webdav } from '../rig/webdav.ts';

let store: TestStore;
let project: Project;
let webdav: Webdav;
let place: string;
let home: string;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'dsmb-webdav-'));
  webdav = await Webdav.start(join(inject('commands'), 'rclone'), place);
  project = new Project(store, {
    'toolchain.lock.json': readFileSync(join(CHECKOUT, 'toolchain.lock.json'), 'utf8'),
  });
  home = project.path('home');
  project.write('home/.config/rclone/rclone.conf', `[nas]\ntype = webdav\nurl = ${webdav.proxy.url}\nvendor = other\n`);
  makeInstaller(project, '525400000001');
});
afterEach(async () => {
  await webdav[Symbol.asyncDispose]();
  project[Symbol.dispose]();
  rmSync(place, { recursive: true });
});

const publish = (...args: string[]) => project.run(['run', '//publish', '--', ...args], { env: { HOME: home } });
const there = (): string[] =>
  readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => /\./.test(name) || name.includes('-'));

describe('publishing', () => {
  it('uploads all once, the script last, and prints the line to paste', async () => {
    const digest = makeInstaller(project, '525400000001');
    const { stdout, stderr } = await publish('nas:images/one', '--url', 'https://example.net/nas/');
    expect(webdav.proxy.names.at(-1)).toBe('images/one/install.sh');
    expect(webdav.proxy.names.findIndex((name) => name.includes('manifest'))).toBe(webdav.proxy.names.length - 3);
    expect(readFileSync(join(place, 'images/one/install.sh'), 'utf8')).toBe(project.read('installer/install.sh'));
    expect(stdout).toContain(
      `echo '${digest}  install.sh' | sha256sum -c && sh install.sh --url 'https://example.net/nas'`,
    );
    expect(stderr).toContain(`it borrows ${home}/.config/rclone (and may change it)`);
  });

  it('uploads one block more for another MAC address, and no block a second time', { tags: 'long' }, async () => {
    await publish('nas:');
    makeInstaller(project, '525400000002');
    webdav.proxy.forget();
    const { stdout } = await publish('nas:');
    expect(stdout).toMatch(/^2 of 8 files are missing at nas:/m);
    const kinds = webdav.proxy.names.map((name) => name.replace(/[0-9a-f]{64}/, 'DIGEST'));
    expect(kinds.slice(0, 1)).toEqual(['blocks/DIGEST.gz']);
    expect(kinds.slice(1, 3).toSorted()).toEqual(['manifest-DIGEST.json', 'manifest.json']);
    expect(kinds.slice(3)).toEqual(['install.sh']);
    expect(webdav.proxy.uploaded).toBeLessThan(BLOCK * 12 + 2000);
    // Of what was there already, nothing is read: each upload is one PUT and one GET.
    const read = webdav.proxy.asked.filter((line) => line.startsWith('GET ')).map((line) => line.slice(4));
    expect(read.toSorted()).toEqual(webdav.proxy.names.toSorted());
    const listings = webdav.proxy.asked.filter((line) => /^PROPFIND (.*\/)?$/.test(line));
    expect(listings.length).toBeLessThanOrEqual(4);
    await publish('nas:');
    expect(webdav.proxy.names.filter((name) => name.startsWith('blocks/'))).toHaveLength(1);
  });

  it('leaves no script where it was cut off, and goes on when it is called again', { tags: 'long' }, async () => {
    webdav.proxy.left = 2;
    const { stderr, exitCode } = await publish('nas:');
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/error PUBLISH_FAILED[^]*call it again, and it goes on/);
    expect(there()).not.toContain('install.sh');
    webdav.proxy.left = Infinity;
    const again = await publish('nas:');
    expect(again.stdout).toContain('published, and read back');
    expect(there()).toContain('install.sh');
  });

  it('removes what the last installers do not need, and nothing of others', async () => {
    await publish('nas:');
    const first = there();
    writeFileSync(join(place, 'notes-of-mine.txt'), 'mine');
    makeInstaller(project, '525400000002');
    expect((await publish('nas:', '--prune', '2')).stdout).toContain('0 files of older installers removed');
    makeInstaller(project, '525400000003');
    expect((await publish('nas:', '--prune', '1')).stdout).toContain('4 files of older installers removed');
    expect(there()).toContain('notes-of-mine.txt');
    expect(first.filter((name) => !existsSync(join(place, name)))).toHaveLength(2);
  });

  it('uploads a preseed before the script, and keeps what the preseeds of the last installers fetch', async () => {
    const systems = (): string[] => there().filter((name) => name.startsWith('system-'));
    makeInstaller(project, '525400000001', '', 'the first');
    await publish('nas:');
    expect(webdav.proxy.names.slice(-2)).toEqual(['preseed.cfg', 'install.sh']);
    const first = systems();
    makeInstaller(project, '525400000001', '', 'the second');
    await publish('nas:', '--prune', '2');
    expect(systems()).toHaveLength(2);
    await publish('nas:', '--prune', '1');
    expect(systems()).toHaveLength(1);
    expect(systems()).not.toEqual(first);
  });

  it.each<[string[], RegExp]>([[['nas:', '--url', 'ftp://x'], /'ftp:\/\/x' is no address/]])('refuses %j', refuses);
  it.each<[string[], RegExp]>([
    [[], /it takes one place of rclone/],
    [['nas:', '--prune', '0'], /--prune takes how many/],
    [['nas:', '--what'], /Unknown option '--what'/],
  ])('refuses %j', { tags: 'long' }, refuses);

  async function refuses(args: readonly string[], says: RegExp): Promise<void> {
    const { stderr, exitCode } = await publish(...args);
    expect(stderr).toMatch(says);
    expect(exitCode).not.toBe(0);
    expect(there()).toEqual([]);
  }
});

it('a folder is served until Ctrl-C, with no other file of the machine', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const serving = project.start(['run', '//served', '--', '--port', `${port}`]);
  const script = async () =>
    fetch(`${url}/install.sh`).then(
      (answer) => answer.text(),
      () => undefined,
    );
  await expect.poll(script, { timeout: 120_000 }).toBe(project.read('installer/install.sh'));
  for (const path of ['/', '/blocks', '/../build.dsm.ts', '/%2e%2e/etc/passwd'])
    expect((await fetch(url + path)).status).toBe(404);
  serving.interrupt();
  expect((await serving.finished).stdout).toContain(`sh install.sh --url '${url}'`);
});

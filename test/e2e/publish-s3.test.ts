/** `dsmb run //publish` to S3: cut off, called again, and for another MAC address. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';
import { BLOCK, makeInstaller } from '../rig/made-installer.ts';
import { S3_MISSING, s3Program, S3Server } from '../rig/s3.ts';

/** Files of an installer of three blocks. */
const ALL = 8;

const program = s3Program();
let store: TestStore;
let project: Project;
let place: string;
let server: S3Server;

beforeAll(async () => {
  if (program === undefined) return;
  store = new TestStore();
  place = mkdtempSync(join(tmpdir(), 'dsmb-s3-'));
  mkdirSync(join(place, 'images'));
  server = await S3Server.start(program, place);
  project = new Project(store, {
    'toolchain.lock.json': readFileSync(join(CHECKOUT, 'toolchain.lock.json'), 'utf8'),
  });
  project.write('home/.config/rclone/rclone.conf', server.section('nas'));
});
afterAll(async () => {
  if (program === undefined) return;
  await server[Symbol.asyncDispose]();
  project[Symbol.dispose]();
  store[Symbol.dispose]();
  rmSync(place, { recursive: true });
});
beforeEach((context) => {
  if (program === undefined) context.skip(S3_MISSING);
});

const publish = (...args: string[]) =>
  project.run(['run', '//publish', '--', 'nas:images/nas', ...args], { env: { HOME: project.path('home') } });
const there = (): string[] => readdirSync(join(place, 'images', 'nas'), { recursive: true, encoding: 'utf8' });
/** Objects that were uploaded: a bucket that is made has no name below it. */
const uploads = (): string[] => server.proxy.names.filter((name) => name.startsWith('images/nas/'));

describe('publishing to S3', { tags: 'long' }, () => {
  it('goes on where it was cut off, and uploads nothing twice', async () => {
    makeInstaller(project, '525400000001');
    server.proxy.left = 3;
    const { stderr, exitCode } = await publish();
    expect(stderr).toMatch(/error PUBLISH_FAILED[^]*call it again, and it goes on/);
    expect(exitCode).not.toBe(0);
    const before = uploads();
    expect(before.length).toBeGreaterThan(0);
    expect(there()).not.toContain('install.sh');

    server.proxy.left = Infinity;
    server.proxy.forget();
    const again = await publish('--url', 'https://example.net/nas');
    expect(again.stdout).toContain('published, and read back');
    expect(uploads()).toHaveLength(ALL - before.length);
    expect(uploads().filter((name) => before.includes(name))).toEqual([]);
    expect(uploads().at(-1)).toBe('images/nas/install.sh');
  });

  it('uploads one block more for another MAC address', async () => {
    makeInstaller(project, '525400000001');
    await publish();
    makeInstaller(project, '525400000002');
    server.proxy.forget();
    expect((await publish()).stdout).toMatch(/^2 of 8 files are missing/m);
    expect(uploads().filter((name) => name.includes('/blocks/'))).toHaveLength(1);
    expect(uploads()).toHaveLength(4);
    expect(server.proxy.uploaded).toBeLessThan(BLOCK * 12 + 2000);
    expect(readFileSync(join(place, 'images/nas/install.sh'), 'utf8')).toBe(project.read('installer/install.sh'));
  });

  it('removes what the last installer does not need', async () => {
    makeInstaller(project, '525400000003');
    expect((await publish('--prune', '1')).stdout).toMatch(/[1-9]\d* files of older installers removed/);
    expect(there().filter((name) => name.startsWith('blocks/'))).toHaveLength(3);
  });
});

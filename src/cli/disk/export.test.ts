/** What an export does where there is not enough room, and what it leaves where it was killed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { editDisk } from '../../disk/index.ts';
import { temporaryFolder } from '../../disk/model.test-helper.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const MIB = 1024 * 1024;

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const env = { ...process.env, NO_COLOR: '1', DSMB_STORE: at('store') };

beforeAll(() => {
  mkdirSync(at('small'));
  mkdirSync(at('out'));
  for (const name of ['one', 'two']) {
    const disk = editDisk({ to: at(name), size: 100 * MIB });
    disk.write(10 * MIB, Buffer.alloc(3 * MIB, name));
    disk.finish();
  }
  const spread = editDisk({ to: at('spread'), size: 100 * MIB });
  for (let block = 0; block < 20; block++) spread.write(block * MIB, Buffer.from('little'));
  spread.finish();
});
afterAll(() => folder[Symbol.dispose]());

/** Runs a script that has a file system of its own in `small`, and the command as `dsmb`. */
function onSmallDisk(sizeMiB: number, script: string) {
  const mount = `mount -t tmpfs -o size=${sizeMiB}m none small`;
  const command = `dsmb() { "${process.execPath}" "${MAIN}" "$@"; }`;
  return spawnSync('unshare', ['-Urm', 'sh', '-euc', `${mount}; ${command}; ${script}`], {
    encoding: 'utf8',
    cwd: folder.path,
    env,
  });
}

test('what --force replaces stays where there is no room for both, and goes first where the user says so', () => {
  const { status, stdout, stderr } = onSmallDisk(
    4,
    `dsmb disk export one small/out.raw
     dsmb disk export two small/out.raw --force || echo "status $?"
     ls -A small; dsmb disk diff one small/out.raw
     rm small/out.raw; dsmb disk export two small/out.raw; dsmb disk diff two small/out.raw`,
  );
  expect(stdout).toBe('status 4\nout.raw\nthe disks are equal\nthe disks are equal\n');
  expect(stderr).toMatch(/NO_ROOM not enough space for \S+\/small\/out\.raw: it needs 3 MiB, and 1 MiB are free/);
  expect(stderr).toContain(`rm ${at('small/out.raw')}`);
  expect(status).toBe(0);
});

test('only what is written needs room', () => {
  const { status, stdout } = onSmallDisk(
    4,
    'dsmb disk export spread small/out.raw; dsmb disk diff spread small/out.raw',
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'the disks are equal\n' });
});

test.each([
  ['a folder that does not fit is not begun', 2, /it needs 3 MiB, and 2 MiB are free/],
  [
    'a folder whose room is taken meanwhile leaves nothing',
    3,
    /not enough space for .*: the disk filled up while it was written/,
  ],
])('%s', (_what, sizeMiB, message) => {
  const { stdout, stderr } = onSmallDisk(
    sizeMiB,
    'dsmb disk export one small/out --format folder || echo "status $?"; ls -A small',
  );
  expect(stdout).toBe('status 4\n');
  expect(stderr).toMatch(message);
});

test('the unfinished part of an export that was killed goes with the next one; that of others stays', () => {
  const processes = fileURLToPath(new URL('../../../cache/processes.ts', import.meta.url));
  const print = `import { processToken } from ${JSON.stringify(processes)}; console.log(processToken());`;
  const args = ['--input-type=module', '--eval', print];
  const dead = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  writeFileSync(at(`out/.out.raw.${dead}.part`), 'cut');
  writeFileSync(at('out/.out.raw.1-1-00000000.part'), 'of another machine');
  const { status } = spawnSync(process.execPath, [MAIN, 'disk', 'export', 'one', 'out/out.raw'], {
    cwd: folder.path,
    env,
  });
  expect(status).toBe(0);
  expect(readdirSync(at('out')).sort()).toEqual(['.out.raw.1-1-00000000.part', 'out.raw']);
});

test.each([
  ['/dev/full', /\/dev\/full already exists and is not replaced: it is not a plain file/],
  ['none/out.raw', /ENOENT.*none/],
])('an export to %s is refused', (path, message) => {
  const args = [MAIN, 'disk', 'export', 'one', path];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder.path, env, encoding: 'utf8' });
  expect(stderr).toMatch(message);
  expect(status).not.toBe(0);
  expect(existsSync(at('none'))).toBe(false);
});

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatChecksums } from './checksums.ts';
import { editDisk } from './editor.ts';
import { BLOCK_SIZE } from './format.ts';
import { filesOf, temporaryFolder } from './model.test-helper.ts';
import { diskToRaw } from './raw.ts';

const SCRIPT = fileURLToPath(new URL('../../tools/disk-to-raw', import.meta.url));
const MIB = BLOCK_SIZE;

describe.each([
  ['the shell of the machine', ['sh']],
  ['busybox', ['busybox', 'sh']],
])('tools/disk-to-raw in %s', (_what, [shell = '', ...args]) => {
  const assemble = (...operands: string[]) => spawnSync(shell, [...args, SCRIPT, ...operands], { encoding: 'utf8' });

  test('gives the same file as dsmb', () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    const disk = editDisk({ to: at('a disk'), size: 257 * MIB + 1234 });
    for (const index of [0, 5, 255, 256, 257]) disk.write(index * MIB + 7, Buffer.from(`block ${index}`));
    disk.finish();
    diskToRaw(at('a disk'), at('expected'));
    expect(assemble(at('a disk'), at('a file'))).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(at('a file')).equals(readFileSync(at('expected')))).toBe(true);
    expect(statSync(at('a file')).blocks * 512).toBeLessThanOrEqual(5 * MIB);
    expect(assemble(at('a disk'), at('a file'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is there already'),
    });
  });

  test('a disk of zeros, a damaged one, and a folder that is none', () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    editDisk({ to: at('zeros'), size: 3 * MIB }).finish();
    expect(assemble(at('zeros'), at('raw')).status).toBe(0);
    expect(readFileSync(at('raw')).equals(Buffer.alloc(3 * MIB))).toBe(true);
    const disk = editDisk({ to: at('disk'), size: 3 * MIB });
    disk.write(0, Buffer.from('data'));
    disk.finish();
    writeFileSync(at('disk/SHA256SUMS'), formatChecksums(filesOf(at('disk'))));
    rmSync(at('disk/blocks/0000/00'));
    expect(assemble(at('disk'), at('other'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is damaged'),
    });
    writeFileSync(at('disk/disk.json'), '{"format":"dsmb-disk/1","size":20');
    expect(assemble(at('disk'), at('other')).stderr).toMatch(/not the manifest/);
    expect(assemble(folder.path, at('other')).stderr).toMatch(/holds no disk/);
  });
});

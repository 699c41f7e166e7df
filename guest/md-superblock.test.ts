/** The superblock of data disks, as mdadm and the reader of this project see it. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync, ftruncateSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, readMdSuperblock } from 'dsmb/disk';
import { expect, it } from 'vitest';
import { mirrorSuperblock, SUPERBLOCK_AT } from './md-superblock.ts';

const UUID = '6e0c9f0a7b1d4c5e9a8b7c6d5e4f3a2b';
const MIRROR = {
  uuid: Buffer.from(UUID, 'hex'),
  name: 'DiskStation:2',
  dataOffset: 2048,
  dataSectors: 14_336,
  time: 1_700_000_000,
};
const SIZE = 8 * 2 ** 20;

it('is that of a clean mirror', () => {
  const member = Buffer.alloc(SIZE);
  member.set(mirrorSuperblock(MIRROR), SUPERBLOCK_AT);
  expect(readMdSuperblock(bufferSource(member))).toMatchObject({
    version: '1.2',
    uuid: '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b',
    level: 1,
    raidDisks: 1,
    name: 'DiskStation:2',
    data: { offset: 2048 * 512, size: 14_336 * 512 },
  });
});

it('is what mdadm takes for one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'md-'));
  try {
    const file = join(folder, 'member');
    const descriptor = openSync(file, 'wx');
    ftruncateSync(descriptor, SIZE);
    writeSync(descriptor, mirrorSuperblock(MIRROR), 0, undefined, SUPERBLOCK_AT);
    closeSync(descriptor);
    const shown = execFileSync('mdadm', ['--examine', file], { encoding: 'utf8' });
    expect(shown).toMatch(/Array UUID : 6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b/);
    expect(shown).toMatch(/State : clean/);
    expect(shown).toMatch(/Checksum : [0-9a-f]+ - correct/);
    expect(shown).toMatch(/Array State : A /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import { readFileSync } from 'node:fs';
import { editDisk, SECTOR, withMbr, type DiskEditor } from 'dsmb/disk';
import { expect, test } from 'vitest';
import type { Actions } from 'dsmb';
import { DATA_PARTITION, SWAP_PARTITION, SYSTEM_PARTITION, type FixedPartition } from '../bootable-disk/layout.ts';
import { Workspace } from '../bootable-disk/steps.test-helper.ts';
import mdadmConf from './mdadm-conf.step.ts';
import { mdadmConf as mdadmConfRule } from './mdadm-conf.ts';

const MAGIC = 0xa92b4efc;
const SIZE = 6 * 2 ** 30;
const DATA = { ...DATA_PARTITION, sectors: SIZE / SECTOR - DATA_PARTITION.start };

/** The folded sum of all words: both formats have it, at their own place. */
function seal(block: Buffer, length: number, at: number): Buffer {
  let sum = 0;
  for (let offset = 0; offset < length; offset += 4) sum += block.readUInt32LE(offset);
  block.writeUInt32LE((Math.floor(sum / 2 ** 32) + (sum % 2 ** 32)) % 2 ** 32, at);
  return block;
}

/** A superblock of version 0.90, at most 128 KiB before the end of its partition. */
function addArray0(disk: DiskEditor, { start, sectors }: FixedPartition, minor: number): void {
  const block = Buffer.alloc(4096);
  const words = { 0: MAGIC, 2: 90, 5: 0x1111_0000 + minor, 7: 1, 10: 2, 11: minor, 13: 0xabc, 14: 0x3017a5a8, 15: 1 };
  for (const [index, word] of Object.entries(words)) block.writeUInt32LE(word, Number(index) * 4);
  const size = sectors * SECTOR;
  disk.write(start * SECTOR + size - (size % 0x10000) - 0x10000, seal(block, 4096, 38 * 4));
}

/** A superblock of version 1.2, 4 KiB behind the start of its partition. */
function addArray1(disk: DiskEditor, name: string): void {
  const block = Buffer.alloc(4096);
  block.writeUInt32LE(MAGIC, 0);
  block.writeUInt32LE(1, 4);
  block.fill(0xe5, 16, 32);
  block.write(name, 32);
  block.writeBigUInt64LE(8n, 144);
  disk.write(DATA.start * SECTOR + 4096, seal(block, 256, 216));
}

function makeDisk(work: Workspace, fill: (disk: DiskEditor) => void): string {
  const disk = editDisk({ to: work.at('disk'), size: SIZE });
  const partitions = [SYSTEM_PARTITION, SWAP_PARTITION, DATA].map((partition, index) => ({
    number: (index + 1) as 1 | 2 | 3,
    active: false,
    ...partition,
  }));
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions }));
  fill(disk);
  disk.finish();
  return work.at('disk');
}

test('the arrays of a disk become the lines of mdadm --detail --scan', async () => {
  using work = new Workspace();
  const disk = makeDisk(work, (edit) => {
    addArray1(edit, 'nas:2');
    addArray0(edit, SWAP_PARTITION, 1);
    addArray0(edit, SYSTEM_PARTITION, 0);
  });
  await work.run(mdadmConf, {}, { disk }, { conf: work.at('mdadm.conf') });
  expect(readFileSync(work.at('mdadm.conf'), 'utf8').split('\n')).toEqual([
    'ARRAY /dev/md0 metadata=0.90 UUID=11110000:00000abc:3017a5a8:00000001',
    'ARRAY /dev/md1 metadata=0.90 UUID=11110001:00000abc:3017a5a8:00000001',
    'ARRAY /dev/md2 metadata=1.2 name=nas:2 UUID=e5e5e5e5:e5e5e5e5:e5e5e5e5:e5e5e5e5',
    '',
  ]);
});

test('a disk without arrays is an error', async () => {
  using work = new Workspace();
  const disk = makeDisk(work, () => undefined);
  await expect(work.run(mdadmConf, {}, { disk }, { conf: work.at('conf') })).rejects.toThrow(
    'no partition of the disk',
  );
});

test('arrays that are known need no disk', () => {
  const written = (attributes: Parameters<typeof mdadmConfRule>[0]): string => {
    let content = '';
    const actions = { write: (_output: unknown, text: string) => (content = text) } as unknown as Actions;
    mdadmConfRule(attributes).rule.implement(attributes as never, actions as never);
    return content;
  };
  const uuid = '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b';
  const other = uuid.replace('6e', '7e');
  expect(written({ arrays: { 0: uuid, 2: other.toUpperCase() } })).toBe(
    `ARRAY /dev/md0 UUID=${uuid}\nARRAY /dev/md2 UUID=${other}\n`,
  );
  expect(() => written({ arrays: { 0: 'x' } })).toThrow("arrays: 0: 'x' is not the number of a device with the UUID");
  for (const [arrays, message] of [
    [{ 0: '00000000:00000000:00000000:00000000' }, 'is not the number of a device'],
    [{ '00': uuid }, "arrays: 00: '"],
    [{ 0: uuid, 1: uuid.toUpperCase() }, `'${uuid}' is there twice`],
    [{}, 'arrays: there is none'],
  ] as const)
    expect(() => written({ arrays })).toThrow(message);
  expect(() => written({})).toThrow('give one of `disk` and `arrays`');
});

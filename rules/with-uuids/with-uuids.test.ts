/** UUIDs set in disks that mke2fs and mkswap have filled, and looked at by e2fsck, dumpe2fs and mdadm. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  diskToRaw,
  fileSystemSource,
  identifyFileSystem,
  mdChecksum,
  openDisk,
  openFileSystem,
  partitionSource,
  rawToDisk,
  readMdSuperblock,
  readPartitions,
} from 'dsmb/disk';
import { runStepHere } from 'dsmb/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { mirrorSuperblock, SUPERBLOCK_AT } from '../../guest/md-superblock.ts';
import type { Actions } from 'dsmb';
import step from './with-uuids.step.ts';
import { withUuids as withUuidsRule } from './with-uuids.ts';

const MIB = 2 ** 20;
const ARRAY = '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b';
const FILE_SYSTEM = '3f6d1c2b-5a49-4e38-8d27-1c0b9a8f7e6d';
/** Of a superblock of version 1: bytes to its fields. */
const [MEMBERS, CHECKSUM, ROLES, SUPERBLOCK_SIZE] = [92, 216, 256, 512];
const BEFORE = 'aaaaaaaa-1111-4222-8333-444444444444';

const root = mkdtempSync(join(tmpdir(), 'dsmb-uuids-'));
afterAll(() => rmSync(root, { recursive: true }));
let round = 0;
const place = (): string => join(root, `${round++}`);
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });

/** A disk of a member with an ext file system, and a swap space. Places in MiB. */
const [MEMBER, DATA, SWAP, SIZE] = [1, 2, 34, 42];

interface Made {
  readonly raw: string;
  readonly disk: string;
}

/** The same disk after something was done to its raw file. */
function changed({ raw }: Made, change: (bytes: Buffer) => void): Made {
  const [file, disk] = [place(), place()];
  const bytes = readFileSync(raw);
  change(bytes);
  writeFileSync(file, bytes);
  rawToDisk(file, disk);
  return { raw: file, disk };
}

function diskWith(...options: string[]): Made {
  const raw = place();
  const descriptor = openSync(raw, 'wx');
  ftruncateSync(descriptor, SIZE * MIB);
  const mirror = {
    uuid: Buffer.alloc(16, 0xaa),
    name: 'nas:0',
    dataOffset: ((DATA - MEMBER) * MIB) / 512,
    dataSectors: ((SWAP - DATA) * MIB) / 512,
    time: 1,
  };
  writeSync(descriptor, mirrorSuperblock(mirror), 0, undefined, MEMBER * MIB + SUPERBLOCK_AT);
  closeSync(descriptor);
  const table = `label: dos\nstart=${MEMBER}MiB,size=${SWAP - MEMBER}MiB,type=fd\nstart=${SWAP}MiB,size=4MiB,type=82\n`;
  execFileSync('sfdisk', ['-q', raw], { input: table });
  const content = place();
  mkdirSync(join(content, 'many'), { recursive: true });
  for (let index = 0; index < 500; index++)
    writeFileSync(join(content, 'many', `file with a name ${index}`), `${index}`);
  const at = ['-E', `offset=${DATA * MIB}`, '-d', content, '-U', BEFORE];
  run('mke2fs', '-q', ...options, ...at, raw, `${(SWAP - DATA) * 1024}k`);
  const swap = place();
  writeFileSync(swap, Buffer.alloc(4 * MIB));
  run('busybox', 'mkswap', swap);
  const whole = readFileSync(raw);
  whole.set(readFileSync(swap), SWAP * MIB);
  writeFileSync(raw, whole);
  const disk = place();
  rawToDisk(raw, disk);
  return { raw, disk };
}

interface Given {
  readonly arrays?: Readonly<Record<string, string>>;
  readonly fileSystems?: Readonly<Record<string, string>>;
  readonly raw?: string;
}

async function withUuids(disk: string, { raw, arrays = {}, fileSystems = {} }: Given): Promise<string> {
  const [to, scratch] = [place(), place()];
  mkdirSync(scratch);
  await runStepHere(step, {
    args: { arrays, fileSystems },
    inputs: { disk },
    outputs: { disk: to },
    scratch,
    ...(raw === undefined ? {} : { assembled: () => raw }),
  });
  return to;
}

const partition = (disk: string, number: number) => {
  const reader = openDisk(disk);
  return partitionSource(
    reader,
    readPartitions(reader)!.partitions.find((each) => each.number === number)!,
  );
};
const rawOf = (disk: string): Buffer => {
  const raw = place();
  diskToRaw(disk, raw);
  return readFileSync(raw);
};
const differing = (one: Buffer, other: Buffer, unit: number): number => {
  let count = 0;
  for (let at = 0; at < one.length; at += unit)
    if (!one.subarray(at, at + unit).equals(other.subarray(at, at + unit))) count++;
  return count;
};

describe('a disk with an array, a file system and swap', () => {
  it.each([
    ['checksums of all it keeps', ['-t', 'ext4']],
    ['a seed for its checksums', ['-t', 'ext4', '-O', 'metadata_csum_seed']],
    ['no checksums', ['-t', 'ext4', '-O', '^metadata_csum,^uninit_bg']],
    ['small blocks', ['-t', 'ext3', '-b', '1024']],
  ])('gets the UUIDs that it is given: ext with %s', async (_what, options) => {
    const { raw, disk } = diskWith(...options);
    const given = { arrays: { 1: ARRAY }, fileSystems: { 1: FILE_SYSTEM, 2: FILE_SYSTEM.replace('3f', '4f') } };
    const after = await withUuids(disk, given);
    const member = partition(after, 1);
    expect(readMdSuperblock(member)).toMatchObject({ uuid: ARRAY, name: 'nas:0' });
    expect(identifyFileSystem(fileSystemSource(member))?.uuid).toBe(FILE_SYSTEM);
    expect(identifyFileSystem(partition(after, 2))).toMatchObject({
      type: 'swap',
      uuid: FILE_SYSTEM.replace('3f', '4f'),
    });
    expect(openFileSystem(fileSystemSource(member), 'it').list('/many')).toHaveLength(500);

    const image = place();
    writeFileSync(image, rawOf(after).subarray(DATA * MIB, SWAP * MIB));
    run('e2fsck', '-f', '-n', image);
    expect(run('dumpe2fs', '-h', image)).toContain(FILE_SYSTEM);
    const raid = place();
    writeFileSync(raid, rawOf(after).subarray(MEMBER * MIB, SWAP * MIB));
    expect(run('mdadm', '--examine', raid)).toMatch(new RegExp(`Array UUID : ${ARRAY}[^]* - correct`));

    // With the raw file of the engine, what is read is less, and what comes out is the same.
    expect(rawOf(await withUuids(disk, { ...given, raw })).equals(rawOf(after))).toBe(true);
    // What the disk had, it has again.
    const back = await withUuids(after, { arrays: { 1: 'aaaaaaaa:aaaaaaaa:aaaaaaaa:aaaaaaaa' } });
    expect(readMdSuperblock(partition(back, 1))?.uuid).toBe('aaaaaaaa:aaaaaaaa:aaaaaaaa:aaaaaaaa');
  });

  it('keeps all blocks of the disk but those of superblocks, where no checksum has the UUID', async () => {
    const { disk } = diskWith('-t', 'ext4', '-O', 'metadata_csum_seed');
    const after = await withUuids(disk, { arrays: { 1: ARRAY }, fileSystems: { 1: FILE_SYSTEM, 2: FILE_SYSTEM } });
    expect(differing(rawOf(disk), rawOf(after), 4096)).toBeLessThan(8);
  });

  it('says what cannot be', async () => {
    const { disk } = diskWith('-t', 'ext4');
    await expect(withUuids(disk, { arrays: { 2: ARRAY } })).rejects.toThrow('partition 2 of the disk is no member');
    await expect(withUuids(disk, { arrays: { 3: ARRAY } })).rejects.toThrow('no partition 3');
    await expect(withUuids(disk, { fileSystems: { 3: FILE_SYSTEM } })).rejects.toThrow('no partition 3');
  });

  it('gets no valid checksums over what is damaged', async () => {
    const made = diskWith('-t', 'ext4');
    const image = `${made.raw}?offset=${DATA * MIB}`;
    const [, block = '', offset = ''] = /block (\d+), offset 0x(\w+)/.exec(run('debugfs', '-R', 'imap /many', image))!;
    const size = Number(/Block size: +(\d+)/.exec(run('dumpe2fs', '-h', image))?.[1]);
    const time = DATA * MIB + Number(block) * size + Number.parseInt(offset, 16) + 0x10;
    const { raw, disk } = changed(made, (bytes) => (bytes[time]! ^= 4));
    for (const more of [{}, { raw }])
      await expect(withUuids(disk, { fileSystems: { 1: FILE_SYSTEM }, ...more })).rejects.toMatchObject({
        diagnostic: { code: 'PROGRAM_FAILED', message: expect.stringContaining('e2fsck') as string },
      });
  });

  it('must have the only member of an array', async () => {
    const made = diskWith('-t', 'ext4');
    const superblock = MEMBER * MIB + SUPERBLOCK_AT;
    const two = changed(made, (bytes) => {
      const block = bytes.subarray(superblock, superblock + SUPERBLOCK_SIZE);
      block.writeUInt32LE(2, MEMBERS);
      block.writeUInt16LE(1, ROLES + 2);
      block.writeUInt32LE(mdChecksum(block, CHECKSUM), CHECKSUM);
    });
    for (const given of [{ arrays: { 1: ARRAY } }, { fileSystems: { 1: FILE_SYSTEM } }])
      await expect(withUuids(two.disk, given)).rejects.toThrow('the array of partition 1 has 2 members in use');
    const copied = changed(made, (bytes) =>
      bytes.copyWithin(SWAP * MIB + SUPERBLOCK_AT, superblock, superblock + SUPERBLOCK_SIZE),
    );
    await expect(withUuids(copied.disk, { arrays: { 1: ARRAY } })).rejects.toThrow(
      'partition 2 is a member of the array of partition 1, too',
    );
  });
});

describe('the attributes', () => {
  const args = (attributes: Omit<Parameters<typeof withUuidsRule>[0], 'disk'>): unknown => {
    let given: unknown;
    const actions = {
      toolchain: () => undefined,
      step: (spec: { args: unknown }) => ((given = spec.args), {}),
    } as unknown as Actions;
    withUuidsRule(attributes as never).rule.implement(attributes as never, actions as never);
    return given;
  };

  it('are the same in small letters and capitals', () => {
    const given = { arrays: { 1: ARRAY.toUpperCase() }, fileSystems: { 1: FILE_SYSTEM.toUpperCase() } };
    expect(args(given)).toEqual({ arrays: { 1: ARRAY }, fileSystems: { 1: FILE_SYSTEM } });
  });

  it.each([
    ['arrays', { 1: ARRAY, 2: ARRAY.toUpperCase() }, 'is there twice'],
    ['fileSystems', { 1: FILE_SYSTEM, 2: FILE_SYSTEM.toUpperCase() }, 'is there twice'],
    ['arrays', { 1: ARRAY.replaceAll(/\w/g, '0') }, 'is not a UUID of this form'],
    ['fileSystems', { 1: FILE_SYSTEM.replaceAll(/\w/g, '0') }, 'is not a UUID of this form'],
    ['arrays', { 1: FILE_SYSTEM }, 'is not a UUID of this form'],
    ['arrays', { 0: ARRAY }, 'is not the number of a partition'],
  ])('cannot have %s %j', (attribute, uuids, message) => {
    expect(() => args({ [attribute]: uuids })).toThrow(message);
  });
});

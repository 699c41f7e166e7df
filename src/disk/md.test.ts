import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { activeMdMembers, withMdUuid } from './md-uuid.ts';
import { formatMdadmScan, readMdSuperblock } from './md.ts';
import { DATA_OFFSET, member0, member1, sum } from './md.test-helper.ts';
import { temporaryFolder } from './model.test-helper.ts';
import { bufferSource } from './source.ts';

const read = (partition: Buffer) => readMdSuperblock(bufferSource(partition));
/** Of a member. */
const SIZE = member0(1).length;
const UUID_TEXT = '1ec72fb1:b1b4e29b:3017a5a8:c86610be';

test('a superblock of version 0.90 is read', () => {
  expect(read(member0(1))).toEqual({
    version: '0.90',
    uuid: UUID_TEXT,
    level: 1,
    raidDisks: 2,
    preferredMinor: 1,
    events: 7n,
    at: (SIZE & ~0xffff) - 0x10000,
    data: { offset: 0, size: (SIZE & ~0xffff) - 0x10000 },
  });
});

test.each([3, 4, 128])('a superblock of version 1.2 with %i roles is read', (roles) => {
  expect(read(member1('host:2', roles))).toEqual({
    version: '1.2',
    uuid: UUID_TEXT,
    level: 1,
    raidDisks: 2,
    name: 'host:2',
    events: 9n,
    at: 4096,
    data: { offset: 2048 * 512, size: SIZE - 2049 * 512 },
  });
});

test('a partition without an array has none', () => {
  expect(read(Buffer.alloc(SIZE))).toBeUndefined();
  expect(read(Buffer.alloc(0))).toBeUndefined();
  expect(read(Buffer.alloc(70_000))).toBeUndefined();
});

test('a flipped bit is found by the checksum', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.integer({ min: 16, max: 215 }), fc.nat(7), (old, at, bit) => {
      const partition = old ? member0(0) : member1('host:2');
      const place = at + (old ? (SIZE & ~0xffff) - 0x10000 : 4096);
      if (!old && at >= 144 && at < 152) return;
      partition[place] = (partition[place] ?? 0) ^ (1 << bit);
      expect(() => read(partition)).toThrow('checksum');
    }),
  );
});

test('a count of roles beyond the block, and a name with a line break, are refused', () => {
  const partition = member1('host:2');
  partition.writeUInt32LE(0xffff_ffff, 4096 + 220);
  expect(() => read(partition)).toThrow('damaged');
  expect(() => read(member1('host:2\nDEVICE /dev/x'))).toThrow('control characters');
});

test('the lines are those of mdadm --detail --scan, one an array', () => {
  const data = { ...read(member1('my host:2'))!, uuid: '2:2:2:2' };
  const system = { ...read(member0(0))!, uuid: '0:0:0:0' };
  const swap = { ...read(member0(1))!, uuid: '1:1:1:1' };
  expect(formatMdadmScan([data, swap, system, system])).toBe(
    [
      'ARRAY /dev/md0 metadata=0.90 UUID=0:0:0:0\n',
      'ARRAY /dev/md1 metadata=0.90 UUID=1:1:1:1\n',
      'ARRAY /dev/md2 metadata=1.2 name="my host:2" UUID=2:2:2:2\n',
    ].join(''),
  );
});

describe('the real mdadm', () => {
  test.each([
    ['0.90', member0(1)],
    ['1.2', member1('host:2')],
  ])('finds a correct checksum and the same UUID in %s', (version, partition) => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'member');
    writeFileSync(file, partition);
    const text = execFileSync('mdadm', ['--examine', file], { encoding: 'utf8' });
    expect(text).toMatch(new RegExp(`Version : ${version}`));
    expect(text).toMatch(/Checksum : [0-9a-f]+ - correct/);
    expect(text).toContain(UUID_TEXT);
  });
});

describe('another UUID', () => {
  const OTHER = '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b';
  const BITMAP_1 = 16;

  /** A bitmap's superblock behind that of a member. */
  function bitmap(member: Buffer, at: number): void {
    member.write('bitm', at);
    member.writeUInt32LE(4, at + 4);
  }

  function member0WithBitmap(): Buffer {
    const member = member0(3);
    const at = (SIZE & ~0xffff) - 0x10000;
    member.writeUInt32LE(1 | (1 << 8), at + 33 * 4);
    member.writeUInt32LE(sum(zeroAt(member.subarray(at, at + 4096), 38 * 4), 4096), at + 38 * 4);
    bitmap(member, at + 4096);
    return member;
  }

  function member1WithBitmap(sectors = BITMAP_1): Buffer {
    const member = member1('nas:2');
    const block = member.subarray(4096, 8192);
    block.writeUInt32LE(1, 8);
    block.writeInt32LE(sectors, 96);
    block.writeUInt32LE(sum(zeroAt(block.subarray(0, 256 + 2 * 3), 216), 256 + 2 * 3), 216);
    const at = 4096 + sectors * 512;
    if (at >= 8192 && at < member.length) bitmap(member, at);
    return member;
  }

  function zeroAt(bytes: Buffer, at: number): Buffer {
    const copy = Buffer.from(bytes);
    copy.writeUInt32LE(0, at);
    return copy;
  }

  test.each([
    ['0.90', member0(3), 1],
    ['0.90 with a bitmap', member0WithBitmap(), 2],
    ['1.2', member1('nas:2'), 1],
    ['1.2 with a bitmap', member1WithBitmap(), 2],
  ])('is in the superblock of %s, as mdadm sees it', (version, member, writes) => {
    const before = readMdSuperblock(bufferSource(member))!;
    const changes = withMdUuid(bufferSource(member), before, OTHER, 'it');
    expect(changes).toHaveLength(writes);
    const after = Buffer.from(member);
    for (const { at, bytes } of changes) after.set(bytes, at);
    expect(readMdSuperblock(bufferSource(after))).toEqual({ ...before, uuid: OTHER });
    if (writes === 2) {
      const hex = OTHER.replaceAll(':', '');
      // Of 0.90 it has the words as the superblock has them.
      const kept = version.startsWith('0.90') ? Buffer.from(hex, 'hex').swap32() : Buffer.from(hex, 'hex');
      expect(changes[1]!.bytes).toEqual(kept);
      expect(after.subarray(changes[1]!.at - 8, changes[1]!.at - 4).toString()).toBe('bitm');
      return;
    }
    using folder = temporaryFolder();
    const file = join(folder.path, 'member');
    writeFileSync(file, after);
    const shown = execFileSync('mdadm', ['--examine', file], { encoding: 'utf8' });
    expect(shown).toMatch(new RegExp(`UUID : ${OTHER}`));
    expect(shown).toMatch(/Checksum : [0-9a-f]+ - correct/);
  });

  test.each([
    ['before the member', -9],
    ['behind it', (SIZE - 4096) / 512],
    ['beyond all bounds', 0x7fff_ffff],
    ['in its superblock', 0],
    ['in the content of the array', (DATA_OFFSET - 4096) / 512 + 8],
  ])('is refused where a bitmap would be %s', (_where, sectors) => {
    const source = bufferSource(member1WithBitmap(sectors));
    const found = readMdSuperblock(source)!;
    expect(() => withMdUuid(source, found, OTHER, 'partition 1')).toThrow(
      'the md superblock of partition 1 is damaged',
    );
  });
});

test('members that are in use are counted', () => {
  const count = (member: Buffer): number => {
    const source = bufferSource(member);
    return activeMdMembers(source, readMdSuperblock(source)!);
  };
  expect(count(member0(1))).toBe(1);
  expect(count(member0(1, undefined, 2))).toBe(2);
  expect(count(member1('nas:2'))).toBe(1);
  expect(count(member1('nas:2', 3, undefined, [0, 1, 0xffff]))).toBe(2);
  expect(count(member1('nas:2', 4, undefined, [0xfffe, 1, 0xffff, 0xfffd]))).toBe(1);
});

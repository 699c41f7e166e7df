import fc from 'fast-check';
import { execPath } from 'node:process';
import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Failure } from '../step/index.ts';
import { elfSection } from './elf.ts';

/** A header with one section table entry of each: nothing, names. */
function tinyElf(): Buffer {
  const file = Buffer.alloc(64 + 2 * 64 + 11);
  file.write('\x7fELF\x02\x01', 'latin1');
  file.writeBigUInt64LE(64n, 0x28);
  for (const [at, value] of [
    [0x3a, 64],
    [0x3c, 2],
    [0x3e, 1],
  ] as const)
    file.writeUInt16LE(value, at);
  file.writeUInt32LE(1, 128);
  file.writeBigUInt64LE(192n, 128 + 0x18);
  file.writeBigUInt64LE(11n, 128 + 0x20);
  file.write('\0.shstrtab\0', 192);
  return file;
}

test('a section is found by its name', () => {
  expect(elfSection(tinyElf(), '.shstrtab', 'tiny')?.toString()).toBe('\0.shstrtab\0');
  expect(elfSection(tinyElf(), '.modinfo', 'tiny')).toBeUndefined();
});

test('whatever is damaged, nothing but a failure with a code comes of it', () => {
  const damage = fc.array(fc.tuple(fc.nat(tinyElf().length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damage, fc.nat(tinyElf().length), (changes, length) => {
      const file = tinyElf();
      for (const [at, value] of changes) file[at] = value;
      try {
        elfSection(file.subarray(0, length), '.shstrtab', 'tiny');
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

test('a real program has its sections', async () => {
  const handle = await open(execPath);
  const { size } = await handle.stat();
  // Only what the reader looks at: the rest of the file reads as zeros.
  const file = Buffer.alloc(size);
  await handle.read(file, 0, 64, 0);
  const table = Number(file.readBigUInt64LE(0x28));
  await handle.read(file, table, size - table, table);
  const names = file.subarray(table + 64 * file.readUInt16LE(0x3e));
  const at = Number(names.readBigUInt64LE(0x18));
  await handle.read(file, at, Number(names.readBigUInt64LE(0x20)), at);
  await handle.close();
  expect(elfSection(file, '.text', 'node')?.length).toBeGreaterThan(1_000_000);
});

import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../model.test-helper.ts';
import { bufferSource } from '../source.ts';
import { openFat } from './reader.ts';
import { writeFat16, type FatOptions } from './writer.ts';

const SECTORS = 65_537;

function makeFat(files: Readonly<Record<string, Uint8Array>>, more: Partial<FatOptions> = {}): Buffer {
  const image = Buffer.alloc((more.sectors ?? SECTORS) * 512);
  writeFat16(
    { write: (offset, bytes) => image.set(bytes, offset) },
    {
      sectors: SECTORS,
      hiddenSectors: 2048,
      volumeId: 0x1234_abcd,
      label: 'TEST',
      epoch: 1_700_000_001,
      files: Object.entries(files).map(([path, bytes]) => ({ path, source: bufferSource(bytes) })),
      ...more,
    },
  );
  return image;
}

const LOADER = {
  'boot/grub/grub.cfg': Buffer.from('set mac1=525400C91827\n'),
  'boot/grub/DS3615xs/zImage': Buffer.alloc(300_000, 1),
  'boot/grub/DS3615xs/rd.gz': Buffer.alloc(4096, 2),
  'boot/grub/DS3615xs/extra.lzma': Buffer.alloc(0),
};

const name = fc.oneof(
  fc.stringMatching(/^[A-Z0-9]{1,8}(\.[A-Z]{1,3})?$/),
  fc.stringMatching(/^[a-z0-9_ +]{0,40}[a-z0-9]$/),
  fc.constantFrom('extra.lzma', 'EXTRA.lzma2', 'grüße.txt', 'a.b.c', '.hidden', 'thirteen-long', 'x'.repeat(26)),
);
const files = fc
  .uniqueArray(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), fc.integer({ min: 0, max: 9000 })), {
    maxLength: 30,
    // No two names in a folder that differ in case only, and no file where another has a folder.
    selector: ([path]) => path[0]?.toLowerCase(),
  })
  .map((list) =>
    Object.fromEntries(list.map(([path, size], index) => [path.join('/'), Buffer.alloc(size, index + 1)])),
  );

test('what is written is read back', () => {
  fc.assert(
    fc.property(files, (tree) => {
      const volume = openFat(bufferSource(makeFat(tree)));
      const found = [...volume.walk()].filter((entry) => !entry.directory).map((entry) => entry.path);
      expect(found.sort()).toEqual(Object.keys(tree).sort());
      for (const [path, bytes] of Object.entries(tree)) {
        const file = volume.file(path);
        expect(file.read(0, file.size).equals(bytes)).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

test('the same files give the same bytes, and another MAC changes only its own', () => {
  const before = makeFat(LOADER);
  expect(makeFat(LOADER).equals(before)).toBe(true);
  const after = makeFat({ ...LOADER, 'boot/grub/grub.cfg': Buffer.from('set mac1=525400AABBCC\n') });
  const first = 1024 * 1024;
  expect(after.subarray(first).equals(before.subarray(first))).toBe(true);
  const changed = [...after.subarray(0, first)].filter((byte, at) => byte !== before[at]);
  expect(Buffer.from(changed).toString()).toBe('AABBCC');
});

test('files that do not fit are an error with the numbers', () => {
  const message = 'the files need 33003520 bytes, but the file system has room for 32423936';
  expect(() => makeFat({ 'a/zImage': Buffer.alloc(33_000_000) }, { sectors: 63_488 })).toThrow(message);
});

test.each([
  [{ 'a:b': Buffer.alloc(1) }, "cannot hold the name 'a:b'"],
  [{ 'a/b': Buffer.alloc(1), 'A/B': Buffer.alloc(1) }, 'is there twice'],
  [{ a: Buffer.alloc(1), 'a/b': Buffer.alloc(1) }, 'a file and a folder'],
])('names that FAT cannot hold are refused', (tree, message) => {
  expect(() => makeFat(tree)).toThrow(message);
});

describe('other programs', () => {
  test('find no fault in it and read the files', () => {
    fc.assert(
      fc.property(files, (tree) => {
        using folder = temporaryFolder();
        const image = join(folder.path, 'image');
        writeFileSync(image, makeFat({ ...tree, ...LOADER }));
        execFileSync('fsck.fat', ['-n', image]);
        const copy = join(folder.path, 'copy');
        execFileSync('mcopy', ['-n', '-i', image, '::/boot/grub/DS3615xs/zImage', copy]);
        expect(readFileSync(copy).equals(LOADER['boot/grub/DS3615xs/zImage'])).toBe(true);
      }),
      { numRuns: 8 },
    );
  });
});

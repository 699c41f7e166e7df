import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { examples } from '../../../test/rig/campaign.ts';
import { Failure } from '../../model/diagnostic.ts';
import { fixture } from '../model.test-helper.ts';
import { bufferSource } from '../source.ts';
import { openFat, type FatVolume } from './reader.ts';
import { writeFat16 } from './writer.ts';

const SMALL = '1\n2\n3\n';
const NUMBERS = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');

function text(volume: FatVolume, path: string): string {
  const file = volume.file(path);
  return file.read(0, file.size).toString();
}

describe.each([['fat12', 12] as const, ['fat16', 16] as const, ['fat32', 32] as const])(
  'an image of mtools, %s',
  (name, type) => {
    const volume = openFat(bufferSource(fixture(name)));

    test('has its type, folders and names', () => {
      expect(volume.type).toBe(type);
      expect(volume.list().map((entry) => entry.name)).toEqual(['boot', 'README.TXT', 'empty.lzma']);
      expect(volume.list('/boot').map((entry) => entry.name)).toEqual([
        'grub',
        'A folder with a long name',
        'zImage',
        'Numbers.txt',
      ]);
      expect(volume.list('BOOT/Grub')).toHaveLength(41);
      expect([...volume.walk()]).toHaveLength(49);
    });

    test('gives files, also long names, empty ones, and those in pieces', () => {
      expect(text(volume, '/boot/grub/grub.cfg')).toBe(SMALL);
      expect(text(volume, 'boot/a folder with a LONG name/gewöhnlich, aber länger als 26 Zeichen.txt')).toBe(SMALL);
      expect(text(volume, 'boot/grub/module-number-40.mod')).toBe(SMALL);
      expect(text(volume, 'empty.lzma')).toBe('');
      expect(text(volume, 'boot/Numbers.txt')).toBe(NUMBERS);
    });

    test('gives any range of a file', () => {
      const file = volume.file('boot/Numbers.txt');
      fc.assert(
        fc.property(fc.nat(file.size), fc.nat(file.size), (a, b) => {
          const [from, to] = a < b ? [a, b] : [b, a];
          expect(file.read(from, to - from).toString()).toBe(NUMBERS.slice(from, to));
        }),
      );
    });

    test('names what is there where a file is missing', () => {
      expect(() => volume.file('/zImage')).toThrow('there is no file /zImage');
      expect(() => volume.file('/boot')).toThrow('there is no file /boot');
      expect(() => volume.list('/README.TXT')).toThrow('there is no folder');
    });
  },
);

test.each(['fat12', 'fat16', 'fat32'])(
  'a damaged %s ends in a failure or in some answer, never in a hang or a crash',
  (name) => {
    const pristine = fixture(name);
    // Where the boot sector, the tables and the first folders are.
    const damage = fc.array(fc.tuple(fc.nat(Math.min(pristine.length, 600_000) - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 40,
    });
    const boot = fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(damage, boot, (flips, more) => {
        const image = Buffer.from(pristine);
        for (const [at, value] of [...flips, ...more]) image[at] = value;
        try {
          const volume = openFat(bufferSource(image));
          for (const { path, directory, size } of volume.walk())
            if (!directory) volume.file(path).read(0, Math.min(size, 4096));
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: examples(60) },
    );
  },
);

test('a folder that has no end, though no cluster twice, is given up', () => {
  const image = fixture('fat32');
  const table = image.readUInt16LE(14) * 512;
  for (let cluster = 2; cluster < 50_000; cluster++) image.writeUInt32LE(cluster + 1, table + 4 * cluster);
  expect(() => openFat(bufferSource(image)).list('/')).toThrow('has more than 2097152 bytes');
});

test('folders that are nested without end are given up', () => {
  const names = Array.from({ length: 50 }, (_, depth) => `${'long'.repeat(25)}${depth}`);
  const image = Buffer.alloc(65_536 * 512);
  const fat = { sectors: 65_536, hiddenSectors: 0, volumeId: 1, label: 'DEEP', epoch: 1_577_836_800 };
  const files = [{ path: names.join('/'), source: bufferSource(Buffer.from('x')) }];
  writeFat16({ write: (offset, bytes) => image.set(bytes, offset) }, { ...fat, files });
  expect(() => [...openFat(bufferSource(image)).walk()]).toThrow('nested too deep');
});

test('a chain that runs in a circle is found', () => {
  const image = fixture('fat16');
  const volume = openFat(bufferSource(image));
  const cluster = volume.find('/boot')?.cluster ?? 0;
  image.writeUInt16LE(cluster, 512 * 2 + cluster * 2);
  const reserved = image.readUInt16LE(14);
  image.writeUInt16LE(cluster, 512 * reserved + cluster * 2);
  expect(() => openFat(bufferSource(image)).list('/boot')).toThrow('run in a circle');
});

test('a folder that is its own child is found', () => {
  const image = fixture('fat16');
  const entry = image.indexOf('GRUB       ');
  const boot = openFat(bufferSource(image)).find('/boot')?.cluster ?? 0;
  image.writeUInt16LE(boot, entry + 26);
  expect(() => [...openFat(bufferSource(image)).walk()]).toThrow('is met twice');
});

test('a name with a path in it is damage', () => {
  const image = fixture('fat16');
  image.write('../X   ', image.indexOf('README  TXT'), 'latin1');
  expect(() => openFat(bufferSource(image)).list()).toThrow('a file is named');
});

/** A FAT 32 of clusters of 512 bytes with one file, `BIG`, whose clusters are all even ones, then all odd ones, as a code. */
const SCATTERED = `
  import { openFat } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
  import { readFileSync } from 'node:fs';
  const size = Number(process.argv[1]);
  const count = size / 512;
  const boot = Buffer.alloc(512);
  boot.writeUInt16LE(512, 11);
  boot.writeUInt8(1, 13);
  boot.writeUInt16LE(1, 14);
  boot.writeUInt8(1, 16);
  const tableSectors = Math.ceil(((count + 4) * 4) / 512);
  boot.writeUInt32LE(1 + tableSectors + count + 1, 32);
  boot.writeUInt32LE(tableSectors, 36);
  boot.writeUInt32LE(2, 44);
  const root = Buffer.alloc(512);
  root.write('BIG        ');
  root.writeUInt16LE(3, 26);
  root.writeUInt32LE(size - 1, 28);
  const END = 0xfffffff;
  const next = (cluster) => {
    if (cluster === 2) return END;
    if (cluster + 2 < count + 3) return cluster + 2;
    return cluster % 2 === 1 ? 4 : END;
  };
  const dataStart = (1 + tableSectors) * 512;
  const read = (offset, length) => {
    const bytes = Buffer.alloc(length);
    if (offset === 0) return boot.copy(bytes), bytes;
    if (offset < dataStart) {
      for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(next((offset - 512 + at) / 4), at);
      return bytes;
    }
    const cluster = 2 + Math.floor((offset - dataStart) / 512);
    if (cluster === 2) return root.copy(bytes), bytes;
    return bytes.fill(cluster % 251);
  };
  const before = process.resourceUsage().maxRSS;
  const file = openFat({ size: dataStart + (count + 1) * 512, read }).file('big');
  const clusterOf = (index) => (index < count / 2 ? 3 + 2 * index : 4 + 2 * (index - count / 2));
  for (const offset of [0, 511, 512, 600_000, size / 2 - 700, size - 3000, 5000, size - 1001]) {
    const found = file.read(offset, 1000);
    const wanted = Buffer.alloc(1000).map((_, at) => clusterOf(Math.floor((offset + at) / 512)) % 251);
    if (!found.equals(wanted)) throw new Error('other bytes at ' + offset);
  }
  console.log((process.resourceUsage().maxRSS - before) / 1024);`;

test('a file of 4 GiB in eight million places takes no memory for each of them', () => {
  const args = ['--input-type=module', '--eval', SCATTERED];
  const grownMiB = (size: number) =>
    Number(execFileSync(process.execPath, [...args, String(size)], { encoding: 'utf8' }));
  expect(grownMiB(2 ** 32)).toBeLessThan(48);
});

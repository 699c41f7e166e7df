import { bufferSource, diskToRaw, editDisk, openDisk, SECTOR, withMbr, writeFat16 } from 'dsmb/disk';
import { runStepHere } from 'dsmb/testing';
import { execa } from 'execa';
import fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import step from './disk-archive.step.ts';
import xzStep from './disk-archive-xz.step.ts';
import bmapStep from './disk-bmap.step.ts';
import { FORMATS, levelOf, type ArchiveFormat } from './formats.ts';

const MIB = 2 ** 20;
const SIZE = 64 * MIB;
const BOOT = { number: 4, active: true, type: 0x0e, start: 40 * 2048, sectors: 20 * 2048 } as const;

let folder = '';
let round = 0;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'archive-'))));
afterAll(() => rm(folder, { recursive: true }));

const fresh = (name: string): string => join(folder, `${name}-${round++}`);

/** A disk with a few blocks of data, and a boot partition whose grub.cfg has the MAC address. */
function makeDisk(mac: string): string {
  const to = fresh('disk');
  const disk = editDisk({ to, size: SIZE });
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 0x1234_5678, partitions: [BOOT] }));
  for (const block of [3, 4, 9, 30])
    disk.write(block * MIB, Buffer.alloc(MIB, createHash('sha512').update(`${block}`).digest()));
  const sink = {
    size: BOOT.sectors * SECTOR,
    write: (at: number, bytes: Uint8Array) => disk.write(BOOT.start * SECTOR + at, bytes),
  };
  const config = Buffer.from(`set default=0\nset mac1=${mac}\n`);
  writeFat16(sink, {
    sectors: BOOT.sectors,
    hiddenSectors: BOOT.start,
    volumeId: 1,
    label: 'BOOT',
    epoch: 1_700_000_000,
    files: [{ path: 'boot/grub/grub.cfg', source: bufferSource(config) }],
  });
  disk.finish();
  return to;
}

interface Packing {
  readonly format?: ArchiveFormat;
  readonly sparse?: 'gnu' | 'plain';
  readonly memo?: string;
  readonly digestOf?: (path: string) => string | undefined;
}

async function pack(
  disk: string,
  { format = 'tar.gz', sparse = 'gnu', memo, digestOf = () => undefined }: Packing = {},
): Promise<{ folder: string; file: string; log: string[] }> {
  const archive = fresh('archive');
  const name = `test${FORMATS[format].extension}`;
  const file = join(archive, name);
  await mkdir(archive);
  const scratch = fresh('scratch');
  await mkdir(scratch);
  const log: string[] = [];
  const level = levelOf(format, format === 'xz' ? 1 : undefined);
  await runStepHere(format === 'xz' ? xzStep : step, {
    args: {
      file: name,
      format,
      ...(format === 'tar.gz' ? { sparse } : {}),
      ...(level === undefined ? {} : { level }),
    },
    inputs: { disk },
    outputs: { archive: file, manifest: join(archive, 'manifest.json') },
    scratch,
    memo,
    digestOf,
    log: (line) => log.push(line),
  });
  return { folder: archive, file, log };
}

/** The disk as a sparse raw file, filled up to `size` bytes. */
async function rawOf(disk: string, size = 0): Promise<string> {
  const raw = fresh('raw');
  diskToRaw(disk, raw);
  await truncate(raw, Math.max(size, (await stat(raw)).size));
  return raw;
}

async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

const EXTRACT =
  'import sys,tarfile; t=tarfile.open(sys.argv[1]); sys.stdout.buffer.write(t.extractfile(t.next()).read())';

/** Programs that write the content of an archive to standard output. */
const READERS = [
  ['tar.gz', 'gnu', ['tar', '-xzOf']],
  ['tar.gz', 'plain', ['busybox', 'tar', '-xzOf']],
  ['gz', 'gnu', ['gzip', '-dc']],
  ['zst', 'gnu', ['zstd', '-dcq']],
  ['xz', 'gnu', ['xz', '-dc']],
] as const;

/** Others, of formats that one of these reads. */
const MORE_READERS = [
  ['tar.gz', 'gnu', ['bsdtar', '-xzOf']],
  ['tar.gz', 'plain', ['tar', '-xzOf']],
  ['tar.gz', 'gnu', ['python3', '-c', EXTRACT]],
  ['tar.gz', 'plain', ['bsdtar', '-xzOf']],
  ['tar.gz', 'plain', ['python3', '-c', EXTRACT]],
  ['gz', 'gnu', ['busybox', 'gunzip', '-c']],
  ['gz', 'gnu', ['python3', '-c', 'import sys,gzip; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())']],
  ['xz', 'gnu', ['busybox', 'unxz', '-c']],
  ['xz', 'gnu', ['python3', '-c', 'import sys,lzma; sys.stdout.buffer.write(lzma.open(sys.argv[1]).read())']],
] as const;

async function read(reader: readonly string[], file: string): Promise<string> {
  const [program = '', ...args] = reader;
  const { stdout } = await execa(program, [...args, file], { encoding: 'buffer', maxBuffer: 2 * SIZE });
  return createHash('sha256').update(stdout).digest('hex');
}

/** QEMU's own check, then a comparison of what a guest would read. */
async function expectSameInQemu(file: string, format: 'qcow2' | 'vmdk' | 'vpc', raw: string): Promise<void> {
  if (format !== 'vpc') expect(await qemu('check', '-f', format, file)).toMatch(/No errors/);
  expect(await qemu('compare', '-f', format, '-F', 'raw', file, raw)).toBe('Images are identical.');
}

async function qemu(...args: string[]): Promise<string> {
  return (await execa('qemu-img', args)).stdout;
}

/** Some blocks of a disk: compressible, incompressible, half of each, almost zero. */
const CONTENTS: Readonly<Record<string, () => Buffer>> = {
  text: () => Buffer.alloc(MIB, 'all work and no play '),
  noise: () => randomBytes(MIB),
  mixed: () => Buffer.concat([randomBytes(300_000), Buffer.alloc(200_000), Buffer.alloc(MIB - 500_000, 'mixed ')]),
  speck: () => Buffer.concat([Buffer.alloc(MIB - 1), Buffer.from([1])]),
};

const smallDisk = fc.record({
  blocks: fc.dictionary(fc.nat(39).map(String), fc.constantFrom(...Object.keys(CONTENTS)), { maxKeys: 6 }),
  /** Bytes of the disk. */
  size: fc.integer({ min: 1, max: 40 * MIB }),
});

function diskOf({ blocks, size }: { blocks: Record<string, string>; size: number }): string {
  const to = fresh('disk');
  const disk = editDisk({ to, size });
  for (const [index, content] of Object.entries(blocks)) {
    const offset = Number(index) * MIB;
    const bytes = CONTENTS[content]?.().subarray(0, Math.max(0, size - offset));
    if (bytes && bytes.length > 0) disk.write(offset, bytes);
  }
  disk.finish();
  return to;
}

const NUM_RUNS = examples(6);

describe('diskArchive', () => {
  test.each(READERS)('%s (%s), read by %j, is the disk byte for byte', isTheDisk);
  test.each(MORE_READERS)('%s (%s), read by %j, is the disk byte for byte', { tags: 'long' }, isTheDisk);

  async function isTheDisk(format: ArchiveFormat, sparse: 'gnu' | 'plain', reader: readonly string[]): Promise<void> {
    const disk = makeDisk('525400C91827');
    const { file } = await pack(disk, { format, sparse });
    expect(await read(reader, file)).toBe(await sha256Of(await rawOf(disk)));
  }

  test.each(['qcow2', 'vmdk'] as const)('%s is sound and the same disk in QEMU', async (format) => {
    const disk = makeDisk('525400C91827');
    const { file } = await pack(disk, { format });
    await expectSameInQemu(file, format, await rawOf(disk));
    expect((await stat(file)).size).toBeLessThan(MIB);
  });

  test('vhd is the raw disk in whole MiB with a footer, and keeps its holes', async () => {
    const disk = diskOf({ blocks: { 1: 'noise', 30: 'text' }, size: 31 * MIB - 1000 });
    const { file } = await pack(disk, { format: 'vhd' });
    const { size, blocks } = await stat(file);
    expect(size).toBe(31 * MIB + 512);
    expect(blocks * 512).toBeLessThan(3 * MIB);
    const info = JSON.parse(await qemu('info', '--output=json', '-f', 'vpc', file));
    expect(info['virtual-size']).toBe(31 * MIB);
    await expectSameInQemu(file, 'vpc', await rawOf(disk, 31 * MIB));
  });

  test('gcp is a sparse disk.raw of whole GiB in an archive of whole records', { tags: 'long' }, async () => {
    const disk = diskOf({ blocks: { 3: 'noise', 9: 'text' }, size: 20 * MIB + 7 });
    const { folder: archive, file } = await pack(disk, { format: 'gcp' });
    const { stdout } = await execa('tar', ['-tvzf', file]);
    expect(stdout).toMatch(/^-\S+ root\/root +1073741824 \S+ \S+ disk\.raw$/);
    const tar = fresh('tar');
    await execa('gzip', ['-dc', file], { stdout: { file: tar } });
    const { size } = await stat(tar);
    expect([size % 10_240, size < 3 * MIB]).toEqual([0, true]);
    await execa('tar', ['-xzf', file], { cwd: archive });
    await execa('cmp', [join(archive, 'disk.raw'), await rawOf(disk, 1024 * MIB)]);
  });

  test.each(['tar.gz', 'zst', 'qcow2'] as const)(
    '%s of any small disk is the disk, with and without kept blocks',
    { timeout: 240_000 },
    isAnyDisk,
  );
  // Google's archive is the sparse one of a larger disk.
  test.each(['gz', 'xz', 'vhd', 'vmdk'] as const)(
    '%s of any small disk is the disk, with and without kept blocks',
    { tags: 'long', timeout: 240_000 },
    isAnyDisk,
  );

  async function isAnyDisk(format: ArchiveFormat): Promise<void> {
    const memo = fresh('memo');
    await mkdir(memo);
    await fc.assert(
      fc.asyncProperty(smallDisk, async (shape) => {
        const disk = diskOf(shape);
        const { file } = await pack(disk, { format });
        const size = Math.ceil(shape.size / FORMATS[format].granule) * FORMATS[format].granule;
        const raw = await rawOf(disk, size);
        if (format === 'qcow2' || format === 'vmdk') await expectSameInQemu(file, format, raw);
        else if (format === 'vhd') await expectSameInQemu(file, 'vpc', raw);
        else expect(await read(READERS.find(([of]) => of === format)?.[2] ?? [], file)).toBe(await sha256Of(raw));
        for (let time = 0; time < 2; time++)
          expect(await sha256Of((await pack(disk, { format, memo })).file)).toBe(await sha256Of(file));
      }),
      { numRuns: NUM_RUNS },
    );
  }

  test('the manifest says what is in it', async () => {
    const { folder: archive, file } = await pack(makeDisk('525400C91827'));
    const manifest = JSON.parse(await readFile(join(archive, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      format: 'dsmb-archive/1',
      archive: {
        file: 'test.tar.gz',
        format: 'tar.gz',
        member: 'disk.raw',
        sparse: 'gnu',
        level: 6,
        bytes: (await stat(file)).size,
      },
      disk: { bytes: SIZE, partitions: [BOOT], blocksRoot: expect.stringMatching(/^[0-9a-f]{64}$/) },
      placeholderMac: '52:54:00:c9:18:27',
    });
  });

  test('with another MAC one block is compressed, and the archive is what it is without kept blocks', async () => {
    const memo = fresh('memo');
    await mkdir(memo);
    await pack(makeDisk('525400C91827'), { memo });
    const other = makeDisk('525400AABBCC');
    const kept = await pack(other, { memo });
    const anew = await pack(other);
    expect(kept.log.at(-1)).toMatch(/^1 of \d+ blocks compressed/);
    for (const file of ['test.tar.gz', 'manifest.json'])
      expect((await readFile(join(kept.folder, file))).equals(await readFile(join(anew.folder, file)))).toBe(true);
  });

  test('blocks whose digests are known and that are kept are not read', async () => {
    const memo = fresh('memo');
    await mkdir(memo);
    const disk = makeDisk('525400C91827');
    const first = await pack(disk, { memo });
    const digests = new Map<string, string>();
    const { blocks } = openDisk(disk);
    for (const index of blocks()) {
      const path = join(disk, 'blocks', '0000', index.toString(16).padStart(2, '0'));
      digests.set(path, await sha256Of(path));
      // Only the boot partition is looked into, for the manifest.
      if (index < 40 && index > 0) await truncate(path, 0);
    }
    const second = await pack(disk, { memo, digestOf: (path) => digests.get(path) });
    expect(await sha256Of(second.file)).toBe(await sha256Of(first.file));
    expect(second.log.at(-1)).toMatch(/^0 of \d+ blocks compressed/);
  });

  describe('with a bmap', () => {
    async function bmapOf(disk: string, format: ArchiveFormat): Promise<string> {
      const bmap = fresh('bmap');
      await runStepHere(bmapStep, {
        args: { granule: FORMATS[format].granule },
        inputs: { disk },
        outputs: { bmap },
        scratch: folder,
      });
      return bmap;
    }

    test('each block that is not zero stands there with its digest, and the map with its own', async () => {
      const bmap = await readFile(
        await bmapOf(diskOf({ blocks: { 0: 'text', 3: 'text' }, size: 4 * MIB - 7 }), 'gz'),
        'utf8',
      );
      const [, own = ''] = /<BmapFileChecksum> ([0-9a-f]{64}) /.exec(bmap) ?? [];
      expect(
        createHash('sha256')
          .update(bmap.replace(own, '0'.repeat(64)))
          .digest('hex'),
      ).toBe(own);
      expect(bmap).toContain(`<ImageSize> ${4 * MIB - 7} </ImageSize>`);
      const block = createHash('sha256').update(CONTENTS['text']!());
      expect(bmap).toContain(`<Range chksum="${block.digest('hex')}"> 0 </Range>`);
      expect(bmap.match(/<Range /g)).toHaveLength(2);
    });

    test.each(['tar.gz', 'gcp', 'gz', 'zst', 'xz'] as const)(
      '%s is copied by bmaptool',
      { tags: 'long' },
      async (format) => {
        const disk = diskOf({ blocks: { 0: 'noise', 2: 'text', 5: 'speck', 20: 'mixed' }, size: 20 * MIB + 4096 });
        const [{ file }, bmap, to] = [await pack(disk, { format }), await bmapOf(disk, format), fresh('copy')];
        const { stderr } = await execa('bmaptool', ['copy', '--bmap', bmap, file, to]);
        expect(stderr).toMatch(/mapped 4 blocks/);
        const size = Math.ceil((20 * MIB + 4096) / FORMATS[format].granule) * FORMATS[format].granule;
        await execa('cmp', [to, await rawOf(disk, size)]);

        const damaged = (await readFile(bmap, 'utf8')).replace(/(?<=chksum=")./, (digit) =>
          digit === '0' ? '1' : '0',
        );
        await writeFile(bmap, damaged);
        await expect(execa('bmaptool', ['copy', '--bmap', bmap, file, fresh('copy')])).rejects.toThrow(/checksum/i);
      },
    );
  });

  test('levels are those of the format', () => {
    expect([levelOf('zst', 19), levelOf('xz', 0), levelOf('gz', undefined), levelOf('vhd', undefined)]).toEqual([
      19,
      0,
      6,
      undefined,
    ]);
    expect(() => levelOf('gz', 0)).toThrow('level: 0 is not 1 to 9, as gz has it');
    expect(() => levelOf('vhd', 1)).toThrow('vhd compresses nothing');
  });
});

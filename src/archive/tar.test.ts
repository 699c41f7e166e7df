import { execa } from 'execa';
import fc from 'fast-check';
import { mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import type { BlockPiece } from './piece.ts';
import { diskTar, type DataBlock, type SparseFormat } from './tar-disk.ts';

const MTIME = 1_700_000_000;
let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tar-'))));
afterAll(() => rm(folder, { recursive: true }));

const BLOCK = 1024;

function dataBlock(index: number, size: number, unit = BLOCK): DataBlock {
  const length = Math.min(unit, size - index * unit);
  return { type: 'block', offset: index * unit, length, read: (into) => into.fill(`block ${index};`) };
}

function contentOf(block: BlockPiece): Buffer {
  const bytes = Buffer.alloc(block.length);
  block.read(bytes);
  return bytes;
}

function tar(size: number, blocks: readonly DataBlock[], format: SparseFormat): Buffer {
  const pieces = [...diskTar({ name: 'disk.raw', size, mtime: MTIME }, blocks, format)];
  return Buffer.concat(
    pieces.map((piece) =>
      piece.type === 'bytes' ? piece.bytes : piece.type === 'zeros' ? Buffer.alloc(piece.length) : contentOf(piece),
    ),
  );
}

function disk(size: number, blocks: readonly DataBlock[]): Buffer {
  const bytes = Buffer.alloc(size);
  for (const block of blocks) bytes.set(contentOf(block), block.offset);
  return bytes;
}

const PYTHON = `
import sys, tarfile
with tarfile.open(sys.argv[1]) as t:
    m, = t.getmembers()
    assert (m.name, m.mtime, m.uid, m.gid, m.mode) == ('disk.raw', ${MTIME}, 0, 0, 0o644)
    sys.stdout.buffer.write(t.extractfile(m).read())
`;

const READERS: Readonly<Record<string, readonly string[]>> = {
  'GNU tar': ['tar', '-xOf'],
  bsdtar: ['bsdtar', '-xOf'],
  python: ['python3', '-c', PYTHON],
  busybox: ['busybox', 'tar', '-xOf'],
};

async function readWith(reader: string, archive: string): Promise<Buffer> {
  const [program = '', ...args] = READERS[reader] ?? [];
  const { stdout } = await execa(program, [...args, archive], { encoding: 'buffer', stripFinalNewline: false });
  return Buffer.from(stdout);
}

/** Up to 100 blocks: from no extent to more than two extension headers hold. */
const shape = fc
  .tuple(fc.integer({ min: 1, max: 100 * BLOCK }), fc.uniqueArray(fc.nat(99), { maxLength: 100 }))
  .map(([size, indices]) => ({
    size,
    blocks: indices
      .filter((index) => index * BLOCK < size)
      .sort((a, b) => a - b)
      .map((index) => dataBlock(index, size)),
  }));

describe.each([
  ['gnu', ['GNU tar', 'bsdtar', 'python']],
  ['plain', ['GNU tar', 'bsdtar', 'python', 'busybox']],
] as const)('%s tar of a disk', (format, readers) => {
  test.each(readers)('%s gets the disk back, byte for byte', async (reader) => {
    const archive = join(folder, `${format}.tar`);
    await fc.assert(
      fc.asyncProperty(shape, async ({ size, blocks }) => {
        const bytes = tar(size, blocks, format);
        expect(bytes.length % 10_240).toBe(0);
        await writeFile(archive, bytes);
        expect((await readWith(reader, archive)).equals(disk(size, blocks))).toBe(true);
      }),
      { numRuns: examples(12) },
    );
  });
});

test('sparse and beyond 8 GiB: GNU tar restores the holes, bsdtar and Python see size and map', async () => {
  const GIB = 2 ** 30;
  const size = 20 * GIB;
  const blocks = [0, 5000, 5001, 20_479].map((index) => dataBlock(index, size, 2 ** 20));
  const out = join(folder, 'large');
  await mkdir(out);
  await writeFile(join(out, 'a.tar'), tar(size, blocks, 'gnu'));
  await execa('tar', ['-xf', 'a.tar'], { cwd: out });
  const { size: found, blocks: sectors } = await stat(join(out, 'disk.raw'));
  expect(found).toBe(size);
  expect(sectors * 512).toBeLessThan(5 * 2 ** 20);
  const handle = await open(join(out, 'disk.raw'));
  for (const block of blocks) {
    const { buffer } = await handle.read(Buffer.alloc(block.length), 0, block.length, block.offset);
    expect(Buffer.from(buffer).equals(contentOf(block))).toBe(true);
  }
  await handle.close();
  expect((await execa('bsdtar', ['-tvf', join(out, 'a.tar')])).stdout).toContain(` ${size} `);
  const map =
    'import sys,tarfile; m=tarfile.open(sys.argv[1]).getmembers()[0]; print(m.size, [e for e in m.sparse if e[1]])';
  expect((await execa('python3', ['-c', map, join(out, 'a.tar')])).stdout).toBe(
    `${size} [(0, 1048576), (${5000 * 2 ** 20}, 2097152), (${20_479 * 2 ** 20}, 1048576)]`,
  );
});

test('plain and beyond 8 GiB: the readers see the size', async () => {
  const [header] = diskTar({ name: 'disk.raw', size: 20 * 2 ** 30, mtime: MTIME }, [], 'plain');
  const archive = join(folder, 'head.tar');
  await writeFile(archive, header?.type === 'bytes' ? header.bytes : '');
  for (const program of [['bsdtar'], ['tar'], ['busybox', 'tar']]) {
    const { stdout } = await execa(program[0] ?? '', [...program.slice(1), '-tvf', archive], { reject: false });
    expect(stdout).toContain(String(20 * 2 ** 30));
  }
  expect((await readFile(archive)).length).toBe(512);
});

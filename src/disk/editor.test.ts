import fc from 'fast-check';
import { lstatSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bufferSource, type ByteSource } from './source.ts';
import type { ByteSink } from './sink.ts';
import { GPT_FIRST_USABLE, writeGpt } from './gpt-write.ts';
import { SECTOR, withMbr } from './mbr.ts';
import { editDisk, type DiskEditor } from './editor.ts';
import { BLOCK_SIZE } from './format.ts';
import { filesOf, ModelDisk, temporaryFolder } from './model.test-helper.ts';
import { checkDisk } from './damage.ts';
import { openDisk } from './reader.ts';

const MIB = BLOCK_SIZE;

/** Places where something can go wrong: borders of blocks, of groups, and the middle of them. */
const place = fc.oneof(
  fc.integer({ min: 0, max: 4 * MIB }),
  fc.integer({ min: 254 * MIB, max: 259 * MIB }),
  fc.constantFrom(0, MIB - 1, MIB, 2 * MIB, 255 * MIB, 256 * MIB, 257 * MIB),
);
const size = fc.oneof(
  fc.integer({ min: 1, max: 5 * MIB }),
  fc.integer({ min: 255 * MIB, max: 260 * MIB }),
  fc.constantFrom(MIB, 256 * MIB, 257 * MIB, 257 * MIB + 512),
);
const length = fc.oneof(fc.integer({ min: 0, max: 2.5 * MIB }), fc.constantFrom(1, 512, MIB, 2 * MIB));
const operation = fc.record({
  kind: fc.constantFrom('write', 'zero', 'splice', 'spliceDisk', 'rewrite', 'read', 'mbr', 'gpt'),
  place,
  length,
  fill: fc.integer({ min: 0, max: 255 }),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
const edit = fc.record({ size, operations: fc.array(operation, { maxLength: 8 }) });

test('any sequence of edits, over several disks, equals the same on plain memory', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      using folder = temporaryFolder();
      const model = new ModelDisk(1);
      let from: string | undefined;
      for (const [index, { size, operations }] of edits.entries()) {
        const to = join(folder.path, `disk${index}`);
        const disk = editDisk({ ...(from === undefined ? {} : { from }), to, size });
        model.resize(size);
        for (const [number, one] of operations.entries())
          apply(disk, model, one, join(folder.path, `source${index}-${number}`));
        disk.finish();
        checkDisk(to);
        expect(filesOf(to)).toEqual(model.files());
        from = to;
      }
    }),
    { numRuns: 25 },
  );
});

/** A partition table that fits every disk that it is written to. */
function partition(disk: ByteSource & ByteSink, kind: 'mbr' | 'gpt', { place, fill }: Operation): void {
  const sectors = Math.floor(disk.size / SECTOR);
  if (sectors < 100) return;
  const start = GPT_FIRST_USABLE + (place % (sectors - 90));
  const id = `0FC63DAF-8483-4772-8E79-3D69D8477D${fill.toString(16).toUpperCase().padStart(2, '0')}`;
  const where = { number: 1, start, sectors: 1 } as const;
  if (kind === 'gpt') writeGpt(disk, { diskId: id, partitions: [{ ...where, type: id, id, name: 'data' }] });
  else {
    const partitions = [{ ...where, type: 0x83, active: false }];
    disk.write(0, withMbr(disk.read(0, SECTOR), { diskId: fill, partitions }));
  }
}

function apply(disk: DiskEditor, model: ModelDisk, one: Operation, sourceFolder: string): void {
  if (one.kind === 'mbr' || one.kind === 'gpt') {
    for (const target of [disk, model]) partition(target, one.kind, one);
    return;
  }
  const offset = one.place % disk.size;
  const bytes = Buffer.alloc(Math.min(one.length, disk.size - offset), one.fill);
  if (one.kind === 'zero') bytes.fill(0);
  if (one.kind === 'zero') disk.zero(offset, bytes.length);
  else if (one.kind === 'write') disk.write(offset, bytes);
  else if (one.kind === 'splice') disk.splice(bufferSource(bytes), offset);
  else if (one.kind === 'rewrite') return disk.write(offset, model.read(offset, bytes.length));
  else if (one.kind === 'read')
    return void expect(disk.read(offset, bytes.length)).toEqual(model.read(offset, bytes.length));
  else if (bytes.length > 0) {
    const source = editDisk({ to: sourceFolder, size: bytes.length });
    source.write(0, bytes);
    source.finish();
    disk.splice(openDisk(sourceFolder), offset);
  }
  model.write(offset, bytes);
}

function makeDisk(to: string, size: number, writes: Readonly<Record<number, string>>, from?: string): string {
  const disk = editDisk({ ...(from === undefined ? {} : { from }), to, size });
  for (const [offset, text] of Object.entries(writes)) disk.write(Number(offset), Buffer.from(text));
  disk.finish();
  return to;
}

test('what does not change is a link to the input: whole groups, and single blocks beside a change', () => {
  using folder = temporaryFolder();
  const base = makeDisk(join(folder.path, 'base'), 600 * MIB, { 0: 'a', [5 * MIB]: 'b', [300 * MIB]: 'c' });
  const to = join(folder.path, 'to');
  const disk = editDisk({ from: base, to });
  disk.write(512, Buffer.from('x'));
  expect(disk.finish()).toEqual({ size: 600 * MIB, written: 1, linked: 2 });
  expect(lstatSync(join(to, 'blocks/0000/00')).isFile()).toBe(true);
  expect(readlinkSync(join(to, 'blocks/0000/05'))).toBe(join(base, 'blocks/0000/05'));
  expect(readlinkSync(join(to, 'blocks/0001'))).toBe(join(base, 'blocks/0001'));
});

test('a hundred edits of edits: each link leads to a file or folder, never to another link', () => {
  using folder = temporaryFolder();
  const base = makeDisk(join(folder.path, 'disk0'), 600 * MIB, { 0: 'a', [5 * MIB]: 'b', [300 * MIB]: 'c' });
  const source = makeDisk(join(folder.path, 'source0'), 2 * MIB, { 0: 'spliced' });
  for (let number = 1; number <= 100; number++) {
    makeDisk(join(folder.path, `source${number}`), 2 * MIB, {}, join(folder.path, `source${number - 1}`));
    const from = join(folder.path, `disk${number - 1}`);
    const disk = editDisk({ from, to: join(folder.path, `disk${number}`) });
    disk.write(7 * MIB, Buffer.from(`edit ${number}`));
    disk.splice(openDisk(join(folder.path, `source${number}`)), 9 * MIB);
    disk.finish();
  }
  const last = join(folder.path, 'disk100');
  expect(
    openDisk(last)
      .read(300 * MIB, 1)
      .toString(),
  ).toBe('c');
  expect(
    openDisk(last)
      .read(9 * MIB, 7)
      .toString(),
  ).toBe('spliced');
  expect(readlinkSync(join(last, 'blocks/0000/05'))).toBe(join(base, 'blocks/0000/05'));
  expect(readlinkSync(join(last, 'blocks/0000/09'))).toBe(join(source, 'blocks/0000/00'));
  expect(readlinkSync(join(last, 'blocks/0001'))).toBe(join(base, 'blocks/0001'));
});

test('a block that is written with what it held stays a link', () => {
  using folder = temporaryFolder();
  const base = makeDisk(join(folder.path, 'base'), 4 * MIB, { [MIB]: 'same' });
  const disk = editDisk({ from: base, to: join(folder.path, 'to') });
  disk.write(MIB, Buffer.from('diff'));
  disk.write(0, Buffer.from('other block'));
  disk.write(MIB, Buffer.from('same'));
  disk.zero(0, 512);
  expect(disk.finish()).toMatchObject({ written: 0, linked: 1 });
});

test('a disk that is spliced at a whole block is linked', () => {
  using folder = temporaryFolder();
  const source = makeDisk(join(folder.path, 'source'), 2 * MIB + 512, { 0: 'a', [2 * MIB]: 'tail' });
  const disk = editDisk({ to: join(folder.path, 'to'), size: 10 * MIB });
  disk.splice(openDisk(source), 3 * MIB);
  expect(disk.finish()).toMatchObject({ written: 1, linked: 1 });
  expect(readlinkSync(join(folder.path, 'to/blocks/0000/03'))).toBe(join(source, 'blocks/0000/00'));
});

test('zeroing a huge disk looks only at what is there', () => {
  using folder = temporaryFolder();
  const base = makeDisk(join(folder.path, 'base'), 2 ** 42, { 0: 'a', [2 ** 41]: 'b' });
  const disk = editDisk({ from: base, to: join(folder.path, 'to') });
  disk.zero(0, 2 ** 42);
  expect(disk.finish()).toMatchObject({ written: 0, linked: 0 });
  expect([...filesOf(join(folder.path, 'to')).keys()]).toEqual(['disk.json']);
});

test('places outside the disk are refused', () => {
  using folder = temporaryFolder();
  const disk = editDisk({ to: join(folder.path, 'to'), size: 1000 });
  expect(() => disk.write(999, Buffer.alloc(2))).toThrow(/has 1000 bytes: 2 bytes at 999 lie outside/);
  expect(() => disk.read(-1, 1)).toThrow(/lie outside/);
  expect(() => editDisk({ to: join(folder.path, 'other'), size: 0 })).toThrow(/cannot have 0 bytes/);
});

test.each([
  ['a short block', 'blocks/0000/00', 'short', /0000\/00 has 5 bytes instead of 1048576/],
  ['an alien block', 'blocks/0000/1g', '', /0000\/1g is no part/],
  ['a block behind the end', 'blocks/0000/03', '', /0000\/03 is no part/],
  ['an alien file', 'notes.txt', '', /notes.txt is no part/],
  ['a cut manifest', 'disk.json', '{"format":"dsmb-disk/1","size":20', /disk.json is not the manifest/],
  ['a zero block', 'blocks/0000/01', '\0'.repeat(MIB), /0000\/01 is all zero/],
])('%s is found and named', (_what, path, content, message) => {
  using folder = temporaryFolder();
  const disk = makeDisk(join(folder.path, 'disk'), 3 * MIB, { 0: 'a' });
  writeFileSync(join(disk, path), content);
  expect(() => checkDisk(disk)).toThrow(message);
});

import { lstatSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { editDisk } from './editor.ts';
import { BLOCK_SIZE } from './format.ts';
import { filesOf, temporaryFolder } from './model.test-helper.ts';
import { checkDisk } from './damage.ts';
import { openDisk } from './reader.ts';

const MIB = BLOCK_SIZE;

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

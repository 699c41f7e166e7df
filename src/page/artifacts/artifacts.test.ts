/** From a cell of a disk to the file in it, and from there to the input that caused it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Node } from '../../../cache/tree.ts';
import { StoredBuilds } from '../../../test/rig/stored-build.ts';
import { bufferSource, editDisk, fileSource, withMbr, writeFat16, SECTOR } from '../../disk/index.ts';
import { digest } from '../../model/digest.ts';
import { member0, member1 } from '../../disk/md.test-helper.ts';
import { temporaryFolder } from '../../disk/model.test-helper.ts';
import { PastView } from '../view.ts';
import { Artifacts } from './artifacts.ts';
import type { PageCell, PageDisk } from './protocol.ts';

const MIB = 1024 * 1024;
const START = 2048;
/** Of the FAT, in sectors. */
const FAT = 16 * 2048;
const SECOND = START + FAT;

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
let builds: StoredBuilds;
let artifacts: Artifacts;
let made = 0;
let time = 0;

beforeAll(() => {
  builds = new StoredBuilds(folder.path);
  artifacts = new Artifacts(sources);
});
afterAll(() => {
  artifacts[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const sources = () => ({ store: builds.store, root: builds.root, history: builds.history });

/** A file system with a file whose text is given, among others. */
function extImage(text: string): Buffer {
  const tree = at(`tree${made++}`);
  mkdirSync(join(tree, 'etc'), { recursive: true });
  writeFileSync(join(tree, 'etc/motd'), text);
  writeFileSync(join(tree, 'etc/kernel'), Buffer.alloc(3 * MIB, 'kernel'));
  const image = `${tree}.image`;
  const options = ['-q', '-t', 'ext4', '-b', '4096', '-U', '00000000-0000-0000-0000-000000000001'];
  execFileSync(
    'mke2fs',
    [...options, '-E', 'hash_seed=00000000-0000-0000-0000-000000000002', '-d', tree, image, '12M'],
    {
      env: { ...process.env, SOURCE_DATE_EPOCH: '1577836800', E2FSPROGS_FAKE_TIME: '1577836800' },
    },
  );
  using source = fileSource(image);
  return source.read(0, source.size);
}

function fatImage(text: string): Buffer {
  const image = Buffer.alloc(FAT * SECTOR);
  const files = [
    { path: 'boot/grub.cfg', source: bufferSource(Buffer.from(text)) },
    { path: 'boot/zImage', source: bufferSource(Buffer.alloc(2 * MIB, 'zImage')) },
  ];
  const options = { sectors: FAT, hiddenSectors: START, volumeId: 1, label: 'BOOT', epoch: 1_577_836_800 };
  writeFat16({ write: (offset, bytes) => image.set(bytes, offset) }, { ...options, files });
  return image;
}

/** A disk of the store: a FAT, and whatever the second partition holds. */
function disk(fat: Buffer, second: Buffer): Node {
  const path = at(`disk${made++}`);
  const editor = editDisk({ to: path, size: 64 * MIB });
  const partitions = [
    { number: 1, active: true, type: 0x0e, start: START, sectors: FAT },
    { number: 2, active: false, type: 0x83, start: SECOND, sectors: Math.ceil(second.length / SECTOR) },
  ] as const;
  editor.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions }));
  editor.splice(bufferSource(fat), START * SECTOR);
  editor.splice(bufferSource(second), SECOND * SECTOR);
  editor.finish();
  return builds.tree(path);
}

const source = (path: string) => ({ type: 'source', path: join(builds.root, path) }) as const;
const output = (label: string, mnemonic: string) => ({ type: 'action', label, mnemonic, path: '' }) as const;

/** Two builds: one installs, the next action adds its files. `build` gives what is made of a text. */
function twice(build: (text: string) => { readonly disk: Node; readonly base: Node; readonly files: Node }): PastView {
  let last = '';
  for (const text of ['one', 'other']) {
    const { disk, base, files } = build(text);
    last = builds.record((time += 1000), [
      { label: '//base', mnemonic: 'Install', inputs: {}, outputs: { disk: base } },
      {
        label: '//disk',
        mnemonic: 'Finish',
        inputs: {
          base: { node: base, origin: output('//base', 'Install') },
          files: { node: files, origin: source('files') },
        },
        outputs: { disk },
      },
    ]);
  }
  return new PastView(sources(), builds.history.named(last));
}

const FINISH = 1;

function changedCells({ runs }: PageDisk): number[] {
  let first = 0;
  return runs.flatMap(({ state, count }) => {
    const cells = ['changed', 'added'].includes(state) ? Array.from({ length: count }, (_none, at) => first + at) : [];
    first += count;
    return cells;
  });
}

async function cells(view: PastView): Promise<PageCell[]> {
  const map = artifacts.disk(view, FINISH, 'disk')!;
  const found: PageCell[] = [];
  for (const cell of changedCells(map))
    found.push((await artifacts.cell(view, { place: FINISH, output: 'disk', cell, since: map.since?.build }))!);
  return found;
}

const folderOf = (files: Readonly<Record<string, string>>): Node =>
  builds.store.trees.build(Object.entries(files).map(([path, text]) => [path, builds.file(text)] as const));

describe.each([
  ['ext4', (image: Buffer) => image],
  ['ext4 in an array of version 0.90', (image: Buffer) => member0(2, image)],
  ['ext4 in an array of version 1.2', (image: Buffer) => member1('host:2', 3, image)],
])('%s', (_name, wrap) => {
  test('a cell leads to its file, the source of that, and why', async () => {
    const fat = fatImage('same');
    const base = disk(fat, wrap(extImage('base')));
    const view = twice((text) => ({
      base,
      files: folderOf({ 'etc/motd': text, 'etc/other': 'x' }),
      disk: disk(fat, wrap(extImage(text))),
    }));
    const uses = (await cells(view)).flatMap((cell) => cell.uses.map((use) => ({ ...use, why: cell.why })));
    const motd = uses.find(({ name, changed = 0 }) => name === '/etc/motd' && changed > 0);
    expect(motd).toMatchObject({ kind: 'file', at: ['disk', 'p2', 'etc', 'motd'] });
    expect(motd!.trail).toEqual([{ text: 'the same file as etc/motd of input files, the source files' }]);
    expect(motd!.why.join('\n')).toMatch(/^\/\/disk Finish: ran .*because of\n {2}file \S*files\n {4}etc\/motd: /);
    const item = await artifacts.item(view, FINISH, motd!.at!);
    expect(item).toMatchObject({ text: 'other', way: ['disk', 'p2', 'etc', 'motd'] });
    expect(
      uses.filter(({ kind, changed = 0 }) => kind === 'metadata' && changed > 0).map(({ name }) => name),
    ).toContain('inode table');
  });
});

describe('a FAT', () => {
  test('leads to its file, the disk that it came with, and the action that wrote that', async () => {
    const ext = extImage('same');
    const view = twice((text) => {
      const base = disk(fatImage(text), ext);
      return { base, files: folderOf({ unused: 'x' }), disk: base };
    });
    const [use] = (await cells(view)).flatMap(({ uses }) => uses.filter(({ kind }) => kind === 'file'));
    expect(use).toMatchObject({ name: '/boot/grub.cfg', at: ['disk', 'p1', 'boot', 'grub.cfg'], changed: SECTOR });
    expect(use!.trail).toEqual([
      { text: 'the same MiB of input base, made by //base Install', place: 0 },
      { text: 'written by //base Install', place: 0 },
    ]);
  });

  test('its tables and boot sector say what they are', async () => {
    const view = twice((text) => {
      const base = disk(fatImage('same'), extImage(text));
      return { base, files: folderOf({ unused: 'x' }), disk: base };
    });
    const cell = (await artifacts.cell(view, { place: FINISH, output: 'disk', cell: 1 }))!;
    const names = cell.uses.filter(({ kind }) => kind === 'metadata').map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['boot sector of the file system', 'FAT']));
    expect(cell.region).toMatch(/^p1 FAT 16/);
    const first = (await artifacts.cell(view, { place: FINISH, output: 'disk', cell: 0 }))!;
    expect(first.uses.map(({ name }) => name)).toEqual(['boot sector, with the partition table']);
  });
});

test('a map tells what is empty, shared and changed, and which builds have another disk', () => {
  const fat = fatImage('same');
  const view = twice((text) => {
    const base = disk(fat, extImage(text));
    return { base, files: folderOf({ unused: 'x' }), disk: base };
  });
  const map = artifacts.disk(view, FINISH, 'disk')!;
  expect(map.regions.map(({ name }) => name.replace(/ ·.*/, ''))).toEqual([
    'before the partitions',
    'p1 FAT 16 (LBA)',
    'p2 Linux',
    'behind the partitions',
  ]);
  expect(map.runs.reduce((sum, { count }) => sum + count, 0)).toBe(64);
  expect(map.since?.build).toBe(map.others[0]!.build);
  expect(map.runs.map(({ state }) => state)).toEqual(expect.arrayContaining(['shared', 'changed', 'empty']));
  expect(artifacts.disk(view, FINISH, 'disk', 'no such build')!.since).toBeUndefined();
  expect(artifacts.disk(view, FINISH, '../disk')).toBeUndefined();
  expect(artifacts.disk(view, 99, 'disk')).toBeUndefined();
});

test('inputs that have left the store are passed over', async () => {
  const gone = { type: 'directory', digest: digest('0'.repeat(64), 5) } as const;
  const view = twice((text) => ({
    base: gone,
    files: folderOf({ 'etc/motd': text }),
    disk: disk(fatImage(text), extImage(text)),
  }));
  const uses = (await cells(view)).flatMap((cell) => cell.uses);
  const motd = uses.find(({ name, changed = 0 }) => name === '/etc/motd' && changed > 0);
  expect(motd!.trail.map(({ text }) => text)).toEqual(['the same file as etc/motd of input files, the source files']);
  for (const cell of [-1, 64, 1e9])
    expect(await artifacts.cell(view, { place: FINISH, output: 'disk', cell })).toBeUndefined();
});

test('what differs is told in the words of dsmb disk diff', async () => {
  const view = twice((text) => {
    const base = disk(fatImage(text), extImage('same'));
    return { base, files: folderOf({ unused: 'x' }), disk: base };
  });
  const { lines } = (await artifacts.difference(view, FINISH, 'disk'))!;
  expect(lines.join('\n')).toContain('~ boot/grub.cfg');
});

/** Ways: every link that leads to a place is a part of what decides what lies there. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { areSameStamps, stampsOf } from './stamps.ts';
import { Looks, placesOf } from './ways.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-ways-')));
  mkdirSync(join(folder, 'one/deep'), { recursive: true });
  mkdirSync(join(folder, 'two/deep'), { recursive: true });
  for (const name of ['one', 'two']) writeFileSync(join(folder, name, 'deep/file'), name);
  symlinkSync('one', join(folder, 'link'));
  symlinkSync('../link/deep/file', join(folder, 'two/to-file'));
  symlinkSync(join(folder, 'two'), join(folder, 'absolute'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const way = (path: string) => new Looks().way(join(folder, path));
const below = (paths: readonly string[]) => paths.map((path) => path.slice(folder.length + 1));

describe('the way to a path', () => {
  it('is the path alone where no link is on it', () => {
    expect(way('one/deep/file')).toEqual({
      places: [join(folder, 'one/deep/file')],
      end: join(folder, 'one/deep/file'),
      exists: true,
      isFolder: false,
    });
  });

  it('has each link that is followed, in order, and ends where the kernel ends', () => {
    expect(below(way('absolute/to-file').places)).toEqual(['absolute', 'two/to-file', 'link', 'one/deep/file']);
    for (const path of ['link/deep', 'absolute/to-file', 'absolute', 'absolute/deep/../to-file'])
      expect(way(path).end).toBe(realpathSync(join(folder, path)));
  });

  it('ends at the first place where nothing is', () => {
    expect(below(way('link/missing/more').places)).toEqual(['link', 'one/missing']);
    expect(way('link/missing/more').exists).toBe(false);
    expect(below(way('one/deep/file/below').places)).toEqual(['one/deep/file/below']);
  });

  it('follows links without end no further than Linux', () => {
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    expect(way('a/x').exists).toBe(false);
  });

  it('leads through .. in the target of a link as the kernel does', () => {
    symlinkSync('link/../two/deep', join(folder, 'around'));
    expect(way('around/file').end).toBe(realpathSync(join(folder, 'around/file')));
  });

  it('is the same, whatever was looked at before', () => {
    symlinkSync('link/../two/deep', join(folder, 'around'));
    symlinkSync('missing', join(folder, 'nowhere'));
    const names = ['one', 'link', 'absolute', 'around', 'nowhere', 'missing', 'one/deep/file'];
    const paths = [
      '/',
      folder,
      ...names.flatMap((name) => ['', '/deep', '/file', '/to-file'].map((end) => join(folder, name) + end)),
    ];
    const looks = new Looks();
    for (const path of [...paths, ...paths.toReversed()]) expect(looks.way(path)).toEqual(new Looks().way(path));
  });

  it('to the root is the root', () =>
    expect(new Looks().way('/')).toEqual({ places: ['/'], end: '/', exists: true, isFolder: true }));
});

describe('what decides what lies at a path', () => {
  it.each<[string, () => void]>([
    [
      'a link on the way is pointed elsewhere',
      () => {
        unlinkSync(join(folder, 'link'));
        symlinkSync('two', join(folder, 'link'));
      },
    ],
    [
      'a link is replaced by a folder',
      () => {
        unlinkSync(join(folder, 'link'));
        mkdirSync(join(folder, 'link'));
      },
    ],
    ['the file is written', () => writeFileSync(join(folder, 'one/deep/file'), 'longer')],
  ])('differs when %s', (_what, change) => {
    const stamps = () => stampsOf(placesOf([join(folder, 'absolute/to-file')]));
    const before = stamps();
    expect(areSameStamps(stamps(), before)).toBe(true);
    change();
    expect(areSameStamps(stamps(), before)).toBe(false);
  });

  it('differs when something comes to a place that was looked at in vain', () => {
    const places = placesOf([join(folder, 'link/missing/more')]);
    const before = stampsOf(places);
    mkdirSync(join(folder, 'one/missing'));
    expect(areSameStamps(stampsOf(places), before)).toBe(false);
  });
});

/** Names and targets of links that are not UTF-8 are refused with their bytes, in outputs as well. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capture } from './capture.ts';
import { namesIn, targetOf } from './names.ts';
import { Store } from './store.ts';
import { EMPTY_DIRECTORY } from './tree.ts';
import { Turns } from './turns.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-names-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LATIN_1 = Buffer.from('café', 'latin1');
const raw = (...names: string[]): Buffer => Buffer.concat([Buffer.from(join(folder, ...names, '/')), LATIN_1]);

describe('names', () => {
  it.each(['café', 'a\ufffdb', 'line\nbreak', '"$\'\\', '😀', '..a'])('%j is UTF-8', (name) => {
    writeFileSync(join(folder, name), '');
    expect(namesIn(folder)).toEqual([name]);
  });

  it.each([
    ['Latin-1', 'caf\\xe9', LATIN_1],
    ['a surrogate', '\\xed\\xa0\\x80', Buffer.from([0xed, 0xa0, 0x80])],
    ['cut', '\\xf0\\x9f', Buffer.from([0xf0, 0x9f])],
    ['with what bash would read', '\\x27\\x5c\\xff', Buffer.from([0x27, 0x5c, 0xff])],
  ])('in bytes that are none (%s) are shown', (_, shown, bytes) => {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), bytes]), '');
    writeFileSync(join(folder, 'good\ufffd'), '');
    expect(() => namesIn(folder)).toThrow(`${folder} holds a name that is not UTF-8: ${shown}`);
  });

  it('of what a link leads to, too', () => {
    symlinkSync('a\ufffd', join(folder, 'good'));
    expect(targetOf(join(folder, 'good'))).toBe('a\ufffd');
    symlinkSync(LATIN_1, join(folder, 'bad'));
    expect(() => targetOf(join(folder, 'bad'))).toThrow('leads to a name that is not UTF-8: caf\\xe9');
  });
});

describe('outputs', () => {
  function captured(): Promise<unknown> {
    const { cas, trees } = new Store(join(folder, 'store'));
    const turns = new Turns(new AbortController().signal);
    const at = { folder: join(folder, 'out'), mountedAt: '/out', inputsAt: '/in' };
    return capture(cas, trees, ['tree'], { ...at, inputRoot: EMPTY_DIRECTORY, turns });
  }

  beforeEach(() => mkdirSync(join(folder, 'out/tree/deep'), { recursive: true }));

  it('have such names as the action saw them', async () => {
    writeFileSync(raw('out/tree/deep'), '');
    await expect(captured()).rejects.toThrow('/out/tree/deep holds a name that is not UTF-8: caf\\xe9');
  });

  it('have such links', async () => {
    symlinkSync(LATIN_1, join(folder, 'out/tree/l'));
    await expect(captured()).rejects.toThrow('the symlink /out/tree/l leads to a name that is not UTF-8: caf\\xe9');
  });
});

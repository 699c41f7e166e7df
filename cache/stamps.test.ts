/** The law of sameness: stamps, when they can be believed, and seals. */
import { chmodSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  areBelievable,
  areSameStamps,
  areUnknown,
  isRacy,
  isSealed,
  seal,
  SEALED_EXECUTABLE_MODE,
  stampOf,
  stampsAt,
  stampsOf,
  unknownStamps,
} from './stamps.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-stamps-'));
const path = join(folder, 'file');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(path, { force: true });
  writeFileSync(path, 'content');
});

/** Longer than the kernel's tick: a change has another time than the one before. */
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a stamp', () => {
  it('is the same while nothing happens, and after a reading', () => {
    const before = stampOf(path);
    statSync(path);
    expect(areSameStamps(stampOf(path), before)).toBe(true);
  });

  it.each<[string, () => void]>([
    [
      'written in place, with its time put back',
      () => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, 'CONTENT');
        utimesSync(path, atime, mtime);
      },
    ],
    ['made executable', () => chmodSync(path, 0o755)],
    [
      'replaced by an equal one',
      () => {
        const other = join(folder, 'other');
        writeFileSync(other, 'content');
        renameSync(other, path);
      },
    ],
    ['removed', () => rmSync(path)],
  ])('changes when the file is %s', async (_what, change) => {
    const before = stampOf(path);
    await tick();
    change();
    expect(areSameStamps(stampOf(path), before)).toBe(false);
  });

  it('stands for a place where nothing is, or can be seen', () => {
    const missing = stampOf(join(folder, 'missing'));
    expect(areSameStamps(stampOf(join(path, 'below a file')), missing)).toBe(true);
    expect(areSameStamps(stampOf(join(folder, 'x'.repeat(300))), missing)).toBe(true);
    expect(areSameStamps(stampOf(path), missing)).toBe(false);
  });

  it('that is unknown equals none, itself included', () => {
    const unknown = unknownStamps(2);
    expect(areSameStamps(unknown, unknown)).toBe(false);
    expect(areUnknown(unknown)).toBe(true);
    expect(areUnknown(stampsOf([path, folder]))).toBe(false);
  });

  it('is found again in a list of many', () => {
    const stamps = stampsOf([folder, path, join(folder, 'missing')]);
    expect(areSameStamps(stampsAt(stamps, 1, 1), stampOf(path))).toBe(true);
    expect(areSameStamps(stampsAt(stamps, 0, 2), stampsOf([folder, path]))).toBe(true);
  });
});

/** A file system whose clock goes in steps of some ms. */
const written = (ms: number, step: number): number => Math.floor(ms / step) * step;

describe('a stamp that is believed', () => {
  it.each([
    ['fractions, kept in ticks of 4 ms', 4],
    ['steps of 10 ms', 10],
    ['whole seconds', 1000],
    ['every other second', 2000],
  ])('is another one after any later change, on a file system with %s', (_name, step) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 0, max: 5000 }),
        fc.integer({ min: 0, max: 5000 }),
        (start, lookAfter, changeAfter) => {
          const origin = 1_790_000_000_000;
          const first = written(origin + start, step);
          const lookedAt = origin + start + lookAfter;
          const second = written(lookedAt + changeAfter, step);
          return isRacy(first, first, lookedAt) || first !== second;
        },
      ),
    );
  });

  it('is the ordinary case soon after a change', () => {
    const now = 1_790_000_000_000;
    expect(isRacy(now + 0.5, now + 0.5, now + 100)).toBe(false);
    expect(isRacy(now, now, now + 2200)).toBe(false);
    expect(isRacy(now, now, now + 100)).toBe(true);
  });

  it('is none of a file whose modification time lies in the future', () => {
    const soon = Date.now() + 60_000;
    utimesSync(path, new Date(), new Date(soon));
    expect(areBelievable(stampsOf([folder, path]), Date.now() + 5000)).toBe(false);
    expect(areBelievable(stampsOf([folder, path]), soon + 5000)).toBe(true);
  });
});

describe('a seal', () => {
  beforeEach(() => {
    rmSync(path, { force: true });
    writeFileSync(path, 'content', { mode: 0o444 });
    seal(path);
  });

  it('holds while nobody touches the file', () => expect(isSealed(statSync(path))).toBe(true));

  it.each<[string, () => void]>([
    [
      'a write',
      () => {
        chmodSync(path, 0o644);
        writeFileSync(path, 'CONTENT');
        chmodSync(path, 0o444);
      },
    ],
    ['a change of its mode', () => chmodSync(path, 0o755)],
    ['a set-user-id bit', () => chmodSync(path, 0o4444)],
    ['a touch', () => utimesSync(path, new Date(), new Date())],
  ])('is broken by %s', (_what, touch) => {
    touch();
    expect(isSealed(statSync(path))).toBe(false);
  });

  it('of an executable is another one', () => {
    expect(isSealed(statSync(path), SEALED_EXECUTABLE_MODE)).toBe(false);
    chmodSync(path, SEALED_EXECUTABLE_MODE);
    expect(isSealed(statSync(path), SEALED_EXECUTABLE_MODE)).toBe(true);
  });
});

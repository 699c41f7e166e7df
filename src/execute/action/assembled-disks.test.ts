/** Raw files of disks: made once, shared, never written to, found out when they are damaged, and bounded. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../../../cache/check/check.ts';
import { collect } from '../../../cache/collect/collect.ts';
import { SEAL_TIME } from '../../../cache/stamps.ts';
import { Store } from '../../../cache/store.ts';
import { editDisk } from '../../disk/index.ts';
import { sourceNode } from '../../plan/source.ts';
import { checkAssembledDisks } from './assembled-check.ts';
import { deliverDisk, linkAssembled } from './assembled-disks.ts';

const MIB = 2 ** 20;
const { signal } = new AbortController();

const folder = mkdtempSync(join(tmpdir(), 'dsmb-assembled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const fresh = (): string => join(folder, String(count++));

/** A disk of 40 MiB in a store, with a text in its blocks 3 and 30. */
function diskIn(store: Store, text: string) {
  const to = fresh();
  const disk = editDisk({ to, size: 40 * MIB });
  for (const index of [3, 30]) disk.write(index * MIB, Buffer.from(text));
  disk.finish();
  const node = sourceNode(store, to, to);
  if (node.type !== 'directory') throw new Error('a disk is a folder');
  return node;
}

async function assembled(store: Store, text: string) {
  const [link, node] = [fresh(), diskIn(store, text)];
  await linkAssembled(store, node, link, signal);
  return { link, node, kept: join(store.root, 'disks.v1', `${node.digest.hash}.raw`) };
}

const textAt = (file: string, mib: number, length: number) =>
  readFileSync(file)
    .subarray(mib * MIB, mib * MIB + length)
    .toString();
const problems = async (store: Store, repair = false) =>
  (await check(store, { repair, more: checkAssembledDisks })).findings.map(({ kind, problem }) => `${kind} ${problem}`);

/** As a failing disk would: neither mode nor time tells. */
function rewrite(path: string, change: (bytes: Buffer) => Buffer): void {
  chmodSync(path, 0o644);
  writeFileSync(path, change(readFileSync(path)));
  chmodSync(path, 0o444);
  utimesSync(path, new Date(), SEAL_TIME);
}

describe('an assembled disk', () => {
  it('is made once, keeps its holes, and is the same file for all', async () => {
    const store = new Store(fresh());
    const { link, node, kept } = await assembled(store, 'text');
    const { ino, size, blocks, mode } = statSync(link);
    expect([size, blocks * 512 < MIB, mode & 0o777]).toEqual([40 * MIB, true, 0o444]);
    expect([textAt(link, 3, 4), textAt(link, 30, 4)]).toEqual(['text', 'text']);
    const again = fresh();
    await linkAssembled(store, node, again, signal);
    expect([statSync(again).ino, statSync(kept).ino]).toEqual([ino, ino]);
    expect(readdirSync(join(store.root, 'incoming'))).toEqual([]);
  });

  it('that was written to is made anew', async () => {
    const store = new Store(fresh());
    const { node, kept } = await assembled(store, 'text');
    chmodSync(kept, 0o644);
    writeFileSync(kept, 'no disk');
    const again = fresh();
    await linkAssembled(store, node, again, signal);
    expect(textAt(again, 30, 4)).toBe('text');
  });

  it('is delivered as a file of its own', async () => {
    const store = new Store(fresh());
    const { node, kept } = await assembled(store, 'text');
    const to = fresh();
    await deliverDisk(store, node, to, signal);
    writeFileSync(to, 'mine', { flag: 'r+' });
    expect(textAt(kept, 0, 4)).toBe('\0\0\0\0');
    expect(statSync(to).blocks * 512).toBeLessThan(MIB);
  });

  it('goes when four others were used since', async () => {
    const store = new Store(fresh());
    const first = await assembled(store, 'first');
    utimesSync(first.kept, new Date(0), SEAL_TIME);
    const others = await Promise.all(['a', 'b', 'c', 'd'].map((text) => assembled(store, text)));
    expect(readdirSync(join(store.root, 'disks.v1')).toSorted()).toEqual(
      others.map(({ node }) => `${node.digest.hash}.raw`).toSorted(),
    );
    expect(textAt(first.link, 3, 5)).toBe('first');
  });

  it('is garbage when it was not used for long', async () => {
    const store = new Store(fresh());
    const [unused, used] = [await assembled(store, 'unused'), await assembled(store, 'used')];
    utimesSync(unused.kept, new Date(0), SEAL_TIME);
    await collect(store, { maxAge: 86_400_000, maxSize: Infinity });
    expect(readdirSync(join(store.root, 'disks.v1'))).toEqual([`${used.node.digest.hash}.raw`]);
  });
});

describe('a check of assembled disks', () => {
  it('finds nothing where all is well', async () => {
    const store = new Store(fresh());
    await assembled(store, 'text');
    expect(await problems(store)).toEqual([]);
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    [
      'a flipped bit',
      (bytes) => bytes.fill(1, 3 * MIB + 9, 3 * MIB + 10),
      /differs from its disk in the MiB at 3145728/,
    ],
    [
      'data in a hole',
      (bytes) => bytes.fill(1, 20 * MIB, 20 * MIB + 1),
      /differs from its disk in the MiB at 20971520/,
    ],
    ['a hole in data', (bytes) => bytes.fill(0, 30 * MIB, 31 * MIB), /differs from its disk in the MiB at 31457280/],
    ['a cut file', (bytes) => bytes.subarray(0, MIB), /has 1048576 bytes instead of 41943040/],
  ])('finds %s, and repair takes it away', async (_what, change, problem) => {
    const store = new Store(fresh());
    const { kept } = await assembled(store, 'text');
    rewrite(kept, change);
    expect(await problems(store)).toEqual([expect.stringMatching(problem)]);
    await problems(store, true);
    expect(await problems(new Store(store.root))).toEqual([]);
    expect(readdirSync(join(store.root, 'disks.v1'))).toEqual([]);
  });

  it('finds one whose disk is gone, or that is none', async () => {
    const store = new Store(fresh());
    const { node } = await assembled(store, 'text');
    store.cas.remove(node.digest);
    writeFileSync(join(store.root, 'disks.v1', 'stray'), '');
    expect(await problems(store)).toEqual([
      expect.stringContaining('tree folder'),
      ...Array<string>(2).fill('assembled disk belongs to no disk of the store'),
    ]);
  });
});

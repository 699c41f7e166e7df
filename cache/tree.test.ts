/** Merkle trees: what goes in comes out, whatever the order, and merging is what laying folders over each other is. */
import fc from 'fast-check';
import {
  closeSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { examples } from '../test/rig/campaign.ts';
import { capture, captureBytes } from './capture.ts';
import { SEAL_TIME } from './stamps.ts';
import { Store } from './store.ts';
import { sameNode, type Node } from './tree.ts';
import { OutOfTime, Turns } from './turns.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-trees-'));
const store = new Store(join(folder, 'store'));
const { cas, trees } = store;
const EMPTY = trees.store(new Map());

const TURNS = new Turns(new AbortController().signal);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file system as a plain map: path to content, or to the target of a link. */
type Flat = ReadonlyMap<string, { readonly content: string; readonly executable: boolean } | { readonly link: string }>;

const name = fc.oneof(
  fc.stringMatching(/^[a-zA-Z0-9._-]{1,8}$/).filter((text) => text !== '.' && text !== '..'),
  fc.constantFrom('ä', 'z', 'Z', '\u{1f600}', '\uffff', '\u{10000}', 'a b'),
);
const leaf = fc.oneof(
  fc.record({ content: fc.string({ unit: 'binary', maxLength: 20 }), executable: fc.boolean() }),
  fc.record({ link: name }),
);
/** Paths that are files of one are never folders of another: folders have names of their own. */
const flat: fc.Arbitrary<Flat> = fc
  .array(fc.tuple(fc.array(name, { maxLength: 2 }), name, leaf), { maxLength: 12 })
  .map(
    (rows) =>
      new Map(rows.map(([above, own, node]) => [[...above.map((one) => `d${one}`), `f${own}`].join('/'), node])),
  );

function nodeOf(entry: ReturnType<Flat['get']> & object): Node {
  if ('link' in entry) return { type: 'symlink', target: entry.link };
  return captureBytes(cas, Buffer.from(entry.content), entry.executable);
}

const treeOf = (files: Flat): Node => trees.build([...files].map(([path, entry]) => [path, nodeOf(entry)] as const));

function expectSame(a: Node, b: Node): void {
  expect(a).toEqual(b);
  expect(sameNode(a, b)).toBe(true);
}

describe('a tree', () => {
  it('has every file that it was built of, and nothing else', () => {
    fc.assert(
      fc.property(flat, (files) => {
        const tree = treeOf(files);
        for (const [path, entry] of files) expectSame(trees.lookup(tree, path)!, nodeOf(entry));
        const leaves = [...trees.walk(tree)].filter(([, node]) => node.type !== 'directory').map(([path]) => path);
        expect(leaves.toSorted()).toEqual([...files.keys()].toSorted());
        expect(trees.complete(tree)).toBe(true);
      }),
    );
  });

  it('is the same whatever order it was built in', () => {
    fc.assert(fc.property(flat, (files) => expectSame(treeOf(new Map([...files].toReversed())), treeOf(files))));
  });

  it('has nothing at other paths', () => {
    const tree = treeOf(new Map([['da/fb', { content: 'x', executable: false }]]));
    for (const path of ['fb', 'da/fb/c', 'da/c', '..', 'da/../da/fb']) expect(trees.lookup(tree, path)).toBeUndefined();
    expectSame(trees.lookup(tree, '')!, tree);
    expectSame(trees.lookup(tree, './da//fb')!, trees.lookup(tree, 'da/fb')!);
  });

  it('is read back from the store by another process', () => {
    fc.assert(
      fc.property(flat, (files) => {
        const tree = treeOf(files) as Node & { type: 'directory' };
        const other = new Store(store.root);
        expect([...other.trees.walk(tree)].length).toBe([...trees.walk(tree)].length);
        for (const [path, entry] of files) expectSame(other.trees.lookup(tree, path)!, nodeOf(entry));
      }),
      { numRuns: 20 },
    );
  });
});

describe('merging', () => {
  it('of the parts of a tree gives the tree', () => {
    fc.assert(
      fc.property(flat, fc.infiniteStream(fc.boolean()), (files, sides) => {
        const left = [...files].filter(() => sides.next().value);
        const right = [...files].filter(([path]) => !left.some(([other]) => other === path));
        expectSame(trees.merge([treeOf(new Map(left)), treeOf(new Map(right))]), treeOf(files));
      }),
    );
  });

  it('does not care about order, grouping, or what it has already', () => {
    fc.assert(
      fc.property(flat, flat, (some, others) => {
        const disjoint = new Map([...others].map(([path, entry]) => [`dother/${path}`, entry] as const));
        const [a, b] = [treeOf(some), treeOf(disjoint)];
        const merged = trees.merge([a, b]);
        expectSame(trees.merge([b, a]), merged);
        expectSame(trees.merge([merged, a, b, EMPTY]), merged);
        expectSame(trees.merge([a]), a);
      }),
    );
  });

  it('refuses two contents at one path, and names it', () => {
    const one = treeOf(new Map([['da/fb', { content: 'x', executable: false }]]));
    const conflicting = [
      treeOf(new Map([['da/fb', { content: 'y', executable: false }]])),
      treeOf(new Map([['da/fb', { content: 'x', executable: true }]])),
      treeOf(new Map([['da/fb', { link: 'x' }]])),
      treeOf(new Map([['da/fb/c', { content: 'x', executable: false }]])),
    ];
    for (const other of conflicting) expect(() => trees.merge([one, other])).toThrow('different files at /da/fb');
  });
});

describe('capturing', () => {
  it('gives the tree of the files on disk, and laying it out gives the files again', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(flat, async (files) => {
        const here = join(folder, `capture${run++}`);
        writeFiles(join(here, 'out/result'), files);
        const { nodes } = await capture(cas, trees, ['result'], {
          folder: join(here, 'out'),
          mountedAt: '/out',
          inputsAt: '/in',
          inputRoot: EMPTY,
          turns: TURNS,
        });
        expectSame(nodes.get('result')!, treeOf(files));
        store.folders.link(nodes.get('result')!, join(here, 'again'));
        expectFiles(join(here, 'again'), files);
        rmSync(here, { recursive: true });
      }),
      { numRuns: examples(200) },
    );
  });

  it('copies what somebody may have open: who writes to it reaches no blob', async () => {
    const here = mkdtempSync(join(folder, 'open-'));
    const path = join(here, 'result');
    writeFileSync(path, 'honest');
    const open = openSync(path, 'r+');
    const seenAt = { mountedAt: '/out', inputsAt: '/in' };
    const request = { folder: here, ...seenAt, inputRoot: EMPTY, turns: TURNS, copy: true };
    const { nodes } = await capture(cas, trees, ['result'], request);
    const node = nodes.get('result')!;
    expect(node.type).toBe('file');
    writeSync(open, 'forged', 0);
    closeSync(open);
    if (node.type === 'file') expect(cas.read(node.digest).toString()).toBe('honest');
    rmSync(here, { recursive: true });
  });

  it('turns a symlink into /in into the input itself', async () => {
    const input = treeOf(new Map([['dsub/ffile', { content: 'of the input', executable: true }]]));
    const nodes = await captured({ whole: '/in/tree', part: '/in/tree/dsub', file: '../../in/tree/dsub/ffile' }, input);
    expectSame(nodes.get('whole')!, input);
    expectSame(nodes.get('part')!, trees.lookup(input, 'dsub')!);
    expectSame(nodes.get('file')!, trees.lookup(input, 'dsub/ffile')!);
  });

  it('keeps a symlink within the outputs, and refuses one that leads out', async () => {
    expectSame((await captured({ inside: './other' }, EMPTY)).get('inside')!, { type: 'symlink', target: './other' });
    for (const target of ['/usr/bin', '/out/absolute', '../../../etc/passwd', '/in/../etc/passwd', '/in/nothing'])
      await expect(captured({ outside: target }, EMPTY)).rejects.toThrow('which leads neither');
  });

  /** Captures one folder of symlinks, as an action with the input `/in/tree` leaves it. */
  it('has one time of modification when it is laid out, symlinks as well', () => {
    const file = captureBytes(cas, Buffer.from('x'));
    const tree = trees.build([
      ['f', file],
      ['d/l', { type: 'symlink', target: '../f' }],
    ]);
    const path = store.folders.folder(tree as Node & { type: 'directory' });
    for (const name of ['', 'f', 'd', 'd/l']) expect(lstatSync(join(path, name)).mtime).toEqual(SEAL_TIME);
    // As one that was laid out when symlinks had times of their own.
    lutimesSync(join(path, 'd/l'), new Date(), new Date());
    expect(new Store(store.root).folders.has(tree as Node & { type: 'directory' })).toBe(false);
  });

  it('ends when it is told to, also in the middle of a file that nobody could wait for', async () => {
    const here = mkdtempSync(join(folder, 'endless-'));
    writeFileSync(join(here, 'result'), '');
    truncateSync(join(here, 'result'), 2 ** 42);
    const reason = new Error('enough');
    const enough = new AbortController();
    setTimeout(() => enough.abort(reason), 50);
    const request = {
      folder: here,
      mountedAt: '/out',
      inputsAt: '/in',
      inputRoot: EMPTY,
      turns: new Turns(enough.signal),
    };
    await expect(capture(cas, trees, ['result'], request)).rejects.toBe(reason);
    const late = new Turns(new AbortController().signal, performance.now() + 50);
    await expect(capture(cas, trees, ['result'], { ...request, turns: late })).rejects.toThrow(OutOfTime);
    rmSync(here, { recursive: true });
  });

  async function captured(links: Readonly<Record<string, string>>, input: Node): Promise<Map<string, Node>> {
    const here = mkdtempSync(join(folder, 'links-'));
    mkdirSync(join(here, 'result'));
    for (const [link, target] of Object.entries(links)) symlinkSync(target, join(here, 'result', link));
    const inputRoot = trees.build([['in/tree', input]]);
    const { nodes } = await capture(cas, trees, ['result'], {
      folder: here,
      mountedAt: '/out',
      inputsAt: '/in',
      inputRoot,
      turns: TURNS,
    });
    const result = nodes.get('result') as Node & { type: 'directory' };
    return new Map(trees.entries(result.digest));
  }
});

function writeFiles(root: string, files: Flat): void {
  mkdirSync(root, { recursive: true });
  for (const [path, entry] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if ('link' in entry) symlinkSync(entry.link, join(root, path));
    else writeFileSync(join(root, path), entry.content, { mode: entry.executable ? 0o755 : 0o644 });
  }
}

function expectFiles(root: string, files: Flat): void {
  for (const [path, entry] of files) {
    if ('link' in entry) expect(readlinkSync(join(root, path))).toBe(entry.link);
    else {
      expect(readFileSync(join(root, path), 'utf8')).toBe(Buffer.from(entry.content).toString());
      expect((statSync(join(root, path)).mode & 0o100) !== 0).toBe(entry.executable);
    }
  }
}

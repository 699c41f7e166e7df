/** What a build lays out for people is what it should be whatever they do to it, and nothing of it is the store's own. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { ArtifactReference } from '../analysis/action.ts';
import { toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { File, Tree } from '../model/kinds.ts';
import { parseLabel, type Label } from '../model/label.ts';
import { readRecord, writeRecord } from './delivery-record.ts';
import { LaidOut } from './laid-out.ts';
import { deliver, stampOf, type Delivered } from './outputs.ts';

const LARGE = Buffer.alloc(5 * 1024 * 1024 + 3, 'large ');
const { signal } = new AbortController();
let folder: string;
let store: Store;
/** Of the workspace. */
let root: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-outputs-'));
  store = new Store(join(folder, 'store'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  root = mkdtempSync(join(folder, 'workspace-'));
});
afterEach(() => {
  // What lies in a workspace has names beside it that only a kill may leave.
  if (existsSync(out())) expect(readdirSync(out()).filter((name) => /^\.(new|old) /.test(name))).toEqual([]);
});

function out(...names: string[]): string {
  return join(root, 'dsmb-out', ...names);
}

/** A folder of files by their names; one whose text begins with `-> ` is a symlink. */
function folderOf(files: Readonly<Record<string, string | Buffer>>): Node {
  return store.trees.build(
    Object.entries(files).map(([name, text]) => {
      if (typeof text === 'string' && text.startsWith('-> ')) return [name, { type: 'symlink', target: text.slice(3) }];
      return [name, captureBytes(store.cas, Buffer.from(text), name.endsWith('.sh'))];
    }),
  );
}

function source(kind: typeof Tree | typeof File, path: string): ArtifactReference {
  return new ArtifactReference(kind, { type: 'source', path, written: path.slice(1) });
}

function give(label: Label, artifact: ArtifactReference, node: Node, ended = signal): Promise<Delivered> {
  return deliver(store, root, { label, artifact }, node, { signal: ended });
}

const tree = parseLabel('//tree');
const lay = async (node: Node): Promise<boolean> => (await give(tree, source(Tree, '/tree'), node)).fresh;
const problem = (node: Node, label = tree, ended = signal): Promise<Diagnostic | undefined> =>
  give(label, source(Tree, '/tree'), node, ended).then(() => undefined, toDiagnostic);

function lies(path = out('tree')): Record<string, string> {
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]));
}

/** Does something to a file and puts back its time, without the folder noticing. */
function unseen(path: string, change: (path: string) => void): void {
  const { atime, mtime } = statSync(path);
  change(path);
  utimesSync(path, atime, mtime);
}

it('an output is laid out once, and again when its stamp was cut off anywhere by a kill', async () => {
  const node = folderOf({ a: '1', b: '2' });
  const stamp = stampOf(root, tree);
  expect([await lay(node), await lay(node)]).toEqual([true, false]);
  const { length } = readFileSync(stamp, 'utf8');
  for (let size = 0; size < length; size += 37) {
    writeFileSync(stamp, readFileSync(stamp, 'utf8').slice(0, size));
    expect([size, await lay(node), await lay(node)]).toEqual([size, true, false]);
  }
  expect(readdirSync(dirname(stamp))).toHaveLength(1);
});

it('a folder becomes what it should be, whether little of it is new or most', async () => {
  for (const files of [{ a: '1', b: '2', c: '3' }, { a: '1', b: '2', c: 'x' }, { a: 'y', b: 'z', d: '4' }, {}]) {
    await lay(folderOf(files));
    expect(lies()).toEqual(files);
  }
});

it('a file whose name alone has changed takes the place of the one with the old name', async () => {
  const label = parseLabel('//p/q:file');
  const node = captureBytes(store.cas, Buffer.from('same'));
  for (const name of ['one.txt', 'two.txt', 'one.txt']) {
    const { path, fresh } = await give(label, source(File, `/${name}`), node);
    expect([path, fresh, lies(out('p/q/file'))]).toEqual([`dsmb-out/p/q/file/${name}`, true, { [name]: 'same' }]);
  }
});

describe('whatever somebody does to an output', () => {
  const FILES = { 'a.txt': 'text', large: LARGE, 'run.sh': '#!/bin/sh\n', link: '-> a.txt' };
  const at = (name: string): string => out('tree', name);
  const deeds: readonly (readonly [string, () => void])[] = [
    ['an edit with its time put back', () => unseen(at('a.txt'), (path) => writeFileSync(path, 'tEXt'))],
    ['an edit of a large file', () => unseen(at('large'), (path) => writeFileSync(path, 'L', { flag: 'r+' }))],
    ['another mode', () => chmodSync(at('large'), 0o755)],
    ['a mode that nobody can use', () => chmodSync(at('a.txt'), 0)],
    ['a file that is gone', () => unlinkSync(at('large'))],
    ['a file that was cut', () => writeFileSync(at('large'), '')],
    ['one that has grown', () => appendFileSync(at('run.sh'), 'rm -rf /\n')],
    ["a file in another one's place", () => renameSync(at('run.sh'), at('a.txt'))],
    ['a link that leads elsewhere', () => (unlinkSync(at('link')), symlinkSync('/etc', at('link')))],
    ['a file that was put there', () => writeFileSync(at('mine'), 'mine')],
    ['a folder that was put there', () => mkdirSync(join(at('mine'), 'deep'), { recursive: true })],
    ['a folder that nobody may write to', () => chmodSync(out('tree'), 0o555)],
    ['a file in the place of all', () => (rmSync(out('tree'), { recursive: true }), writeFileSync(out('tree'), 'x'))],
    ['nothing in the place of all', () => rmSync(out(), { recursive: true })],
    ['stamps that are gone', () => rmSync(out('.stamps'), { recursive: true })],
  ];

  it.each(deeds)('the next build mends it, and the store does not notice: %s', async (_what, deed) => {
    const node = folderOf(FILES);
    await lay(node);
    const before = { ...lies(), names: readdirSync(out('tree')) };
    deed();
    expect([await lay(node), await lay(node)]).toEqual([true, false]);
    expect({ ...lies(), names: readdirSync(out('tree')) }).toEqual(before);
    expect([lstatSync(at('run.sh')).mode & 0o777, readlinkSync(at('link'))]).toEqual([0o755, 'a.txt']);
    for (const [, one] of store.trees.walk(node))
      if (one.type === 'file') expect(await store.cas.verify(one.digest)).toBe(true);
  });

  it('no file of it has another name in the store', async () => {
    await lay(folderOf(FILES));
    for (const name of ['a.txt', 'large', 'run.sh']) expect([name, statSync(at(name)).nlink]).toEqual([name, 1]);
    linkSync(at('large'), join(root, 'mine'));
    expect(await lay(folderOf(FILES))).toBe(true);
  });
});

describe('an output that may have changed since it was laid out without its stamps showing it', () => {
  const FILES = { a: 'text', b: '2', c: '3' };

  const ALL = ['', 'a', 'b', 'c'];

  /** As if the file system kept times in long steps: the stamps are those of after the change, and are not believed. */
  async function changed(change: () => void = () => {}): Promise<void> {
    await lay(folderOf(FILES));
    change();
    const stamp = stampOf(root, tree);
    const fingerprint = LaidOut.at(out('tree'))!.fingerprint();
    writeRecord(stamp, { ...readRecord(stamp)!, fingerprint, unsure: ALL });
  }

  it.each<[string, () => void]>([
    ['another text', () => writeFileSync(out('tree/a'), 'tExt')],
    ['another mode', () => chmodSync(out('tree/a'), 0o755)],
    [
      'a link to the same',
      () => (unlinkSync(out('tree/a')), writeFileSync(out('a'), 'text'), symlinkSync('../a', out('tree/a'))),
    ],
    ['a file more', () => writeFileSync(out('tree/more'), '')],
    ['a file less', () => unlinkSync(out('tree/c'))],
  ])('is looked into: %s', async (_what, change) => {
    await changed(change);
    expect([await lay(folderOf(FILES)), lies()]).toEqual([true, FILES]);
    await changed(change);
    // Most of it is the same: only what differs would be written.
    const next = { ...FILES, b: 'other' };
    await lay(folderOf(next));
    expect(lies()).toEqual(next);
  });

  it('is not looked into again, once it was and its stamps can be believed', async () => {
    await changed();
    const { ctimeMs } = lstatSync(out('tree'));
    const end = ctimeMs + (ctimeMs % 1000 === 0 ? 2200 : 60);
    await new Promise((resolve) => setTimeout(resolve, Math.min(2200, Math.max(0, end - Date.now()))));
    expect(await lay(folderOf(FILES))).toBe(false);
    expect(readRecord(stampOf(root, tree))!.unsure).toEqual([]);
  });

  it('is what was laid out just now', async () => {
    await lay(folderOf(FILES));
    const unsure = (): string[] => (writeFileSync(out('tree/a'), 'a'), LaidOut.at(out('tree'))!.unsure());
    // Unless the machine is so busy that a step of the clock lies between a write and the look.
    expect(Array.from({ length: 20 }, unsure).some((paths) => paths.includes('a'))).toBe(true);
  });
});

describe('the folder of outputs', () => {
  let elsewhere: string;

  beforeEach(() => {
    elsewhere = join(root, 'elsewhere');
    mkdirSync(join(elsewhere, 'tree'), { recursive: true });
    writeFileSync(join(elsewhere, 'tree/precious'), 'precious');
  });
  afterEach(() => expect(readFileSync(join(elsewhere, 'tree/precious'), 'utf8')).toBe('precious'));

  it('is refused where it is a link to a folder with files of others, to nothing, or no folder', async () => {
    symlinkSync('elsewhere', out());
    expect(await problem(folderOf({ a: '1' }))).toMatchObject({
      code: 'BAD_OUTPUT_FOLDER',
      message: 'dsmb-out is a symlink to elsewhere, which has files that dsmb did not put there',
    });
    unlinkSync(out());
    symlinkSync('nowhere', out());
    expect(await problem(folderOf({ a: '1' }))).toMatchObject({ hint: `mkdir -p ${join(root, 'nowhere')}` });
    unlinkSync(out());
    writeFileSync(out(), '');
    expect(await problem(folderOf({ a: '1' }))).toMatchObject({ message: 'dsmb-out is not a folder' });
    unlinkSync(out());
  });

  it("may be a link to an empty folder, which is dsmb's from then on", async () => {
    mkdirSync(join(root, 'disk'));
    symlinkSync('disk', out());
    for (const a of ['1', '2']) {
      await lay(folderOf({ a }));
      expect(lies(join(root, 'disk/tree'))).toEqual({ a });
    }
  });

  it.each([
    ['a package', '//p/q:tree', 'p'],
    ['a package below', '//p/q:tree', 'p/q'],
    ['the target', '//p/q:tree', 'p/q/tree'],
    ['the stamps', '//tree', '.stamps'],
    ['the new output', '//tree', '.new tree'],
    ['the old output', '//tree', '.old tree'],
  ])('has no links that are followed: in the place of %s', async (_what, label, link) => {
    const names = ['tree', ':tree', 'p%q:tree', 'q', 'precious'];
    for (const name of names) writeFileSync(join(elsewhere, name === 'tree' ? 'x' : name), 'mine');
    await problem(folderOf({ a: '1' }), parseLabel(label));
    rmSync(out(link), { recursive: true, force: true });
    symlinkSync(elsewhere, out(link));
    expect(await problem(folderOf({ a: '2' }), parseLabel(label))).toBeUndefined();
    expect(lies(label === '//tree' ? out('tree') : out('p/q/tree'))).toEqual({ a: '2' });
    for (const name of names.slice(1)) expect(readFileSync(join(elsewhere, name), 'utf8')).toBe('mine');
  });

  it('takes no output with a link that leads out of it', async () => {
    const { code, message } = (await problem(folderOf({ a: '1', link: '-> ../../b' })))!;
    expect(code).toBe('OUTPUT_LINK_ESCAPES');
    expect(message).toBe('//tree is not delivered: its symlink link leads out of it, to ../../b');
  });
});

describe('an output that cannot be written', () => {
  /** Mounts a file system over `dsmb-out`; says why it cannot. */
  function mounted(options: string): Disposable | undefined {
    mkdirSync(out(), { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', out()], { stdio: 'pipe' });
      return { [Symbol.dispose]: () => execFileSync('umount', [out()]) };
    } catch (error) {
      console.warn(`skipped: this user can mount nothing (${String(error).split('\n')[0]})`);
      return undefined;
    }
  }

  it('leaves what lay there, and says which file', async ({ skip }) => {
    using mount = mounted('size=4m');
    if (!mount) return skip('this user can mount nothing');
    await lay(folderOf({ a: 'old' }));
    const said = await problem(folderOf({ a: 'new', large: LARGE }));
    expect(said).toMatchObject({
      code: 'NOT_DELIVERED',
      message: '//tree is built, but dsmb-out/tree/large cannot be written: the disk is full',
    });
    expect(lies()).toEqual({ a: 'old' });
    expect(await lay(folderOf({ a: 'old' }))).toBe(false);
    execFileSync('mount', ['-o', 'remount,ro', out()]);
    expect(await problem(folderOf({ a: 'new' }))).toMatchObject({
      code: 'NOT_DELIVERED',
      message: expect.stringMatching(/^\/\/tree is built, but dsmb-out\/\S+ cannot be written: its file system is/),
    });
    expect(lies()).toEqual({ a: 'old' });
  });

  it('is not there in part when the build is ended', async () => {
    const ended = AbortSignal.abort();
    expect(await problem(folderOf({ large: LARGE }), tree, ended)).toBeDefined();
    expect(existsSync(out('tree'))).toBe(false);
  });
});

/** What sources are: what their paths lead to, with the links in folders kept, and all that decides it. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { areSameStamps, stampsOf } from '../../cache/stamps.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { Looks } from '../../cache/ways.ts';
import { ArtifactReference } from '../analysis/action.ts';
import { Failure } from '../model/diagnostic.ts';
import { File, Tree } from '../model/kinds.ts';
import { contentOf, type Producers } from './content.ts';
import { sourceNode, sourceRestsOn } from './source.ts';

let folder: string;
let store: Store;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-source-')));
  store = new Store(join(folder, '.store'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (path: string): string => join(folder, path);

function write(path: string, text = path): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  rmSync(at(path), { force: true });
  symlinkSync(target, at(path));
}

/** A node as plain data. */
function plain(node: Node): unknown {
  if (node.type === 'symlink') return `-> ${node.target}`;
  if (node.type === 'file') return store.cas.read(node.digest).toString();
  return Object.fromEntries([...store.trees.entries(node.digest)].map(([name, entry]) => [name, plain(entry)]));
}

const source = (path: string): unknown => plain(sourceNode(store, at(path), path));

function problemOf(path: string): Pick<Failure['diagnostic'], 'code' | 'message' | 'hint'> {
  try {
    sourceNode(store, at(path), path);
  } catch (error) {
    if (error instanceof Failure) return error.diagnostic;
    throw error;
  }
  throw new Error(`${path} is a source`);
}

const nobody: Producers = {
  action: () => Promise.reject(new Error('there is no action')),
  debian: () => Promise.reject(new Error('there are no packages')),
};

describe('a source that is a symlink', () => {
  it.each([
    ['to a file', 'latest.pat', { 'latest.pat': 'DSM_1.pat' }],
    ['over several links', 'latest.pat', { 'latest.pat': 'newest', newest: './archive/../DSM_1.pat' }],
    ['over a link to a folder', 'releases/DSM_1.pat', { releases: '.' }],
    ['to an absolute path', 'latest.pat', { 'latest.pat': '/DSM_1.pat' }],
  ])('%s is that file', (_, path, links) => {
    write('DSM_1.pat', 'one');
    mkdirSync(at('archive'));
    for (const [from, to] of Object.entries(links)) link(from, to.startsWith('/') ? at(to) : to);
    expect(source(path)).toBe('one');
  });

  it('to a folder is that folder, with its own links', () => {
    write('real/a');
    link('real/b', 'a');
    link('drivers', 'to');
    link('to', at('real'));
    expect(source('drivers')).toEqual({ a: 'real/a', b: '-> a' });
  });

  it('to nothing, or to itself, says where it leads', () => {
    link('latest.pat', 'gone/DSM.pat');
    expect(problemOf('latest.pat')).toMatchObject({
      code: 'NO_SUCH_FILE',
      message: `the source ${at('latest.pat')} is a symlink that leads to ${at('gone')}, where nothing is`,
    });
    link('me', 'me');
    expect(problemOf('me').message).toContain('leads in a circle');
  });
});

describe('a symlink in a source folder', () => {
  beforeEach(() => {
    write('d/a');
    write('d/deep/b');
    write('out/c');
  });

  it.each([
    ['l', 'a'],
    ['l', 'deep'],
    ['deep/l', '../a'],
    ['deep/l', './/../a'],
    ['l', 'deep/../a'],
    ['l', '.'],
    ['deep/l', '..'],
  ])('%s -> %s stays what it is', (path, target) => {
    link(`d/${path}`, target);
    expect(source('d')).toMatchObject(path === 'l' ? { l: `-> ${target}` } : { deep: { l: `-> ${target}` } });
  });

  it.each([
    ['l', '../d/a', 'a'],
    ['l', '/d/deep', 'deep'],
    ['l', '/d', '.'],
    ['deep/l', '/d/a', '../a'],
    ['l', '../back/deep/b', 'deep/b'],
  ])('%s -> %s, which leads into the folder from outside, becomes a link to %s', (path, target, inside) => {
    link('back', 'd');
    link(`d/${path}`, target.startsWith('/') ? at(target) : target);
    expect(source('d')).toMatchObject(path === 'l' ? { l: `-> ${inside}` } : { deep: { l: `-> ${inside}` } });
  });

  it.each([
    ['l', '../out/c', 'out/c'],
    ['deep/l', '../../out', 'out'],
    ['l', '/out/c', 'out/c'],
    ['l', 'deep/../../out/c', 'out/c'],
    ['l', '..', ''],
    ['l', 'node_modules/x', 'd/node_modules/x'],
    ["it's", '../out/c', 'out/c'],
  ])('%s -> %s leads out of it, which is an error with a remedy that can be run', (path, target, end) => {
    write('d/node_modules/x');
    link(`d/${path}`, target.startsWith('/') ? at(target) : target);
    const { code, message, hint = '' } = problemOf('d');
    expect(code).toBe('SOURCE_LINK_ESCAPES');
    expect(message).toContain(`${at(`d/${path}`)} leads to ${at(end).replace(/\/$/, '')}, `);
    if (end === '') return; // A folder cannot be copied into itself.
    execFileSync('sh', ['-c', hint.slice(hint.indexOf(': ') + 2)]);
    expect(lstatSync(at(`d/${path}`)).isSymbolicLink()).toBe(false);
    expect(source('d')).toBeDefined();
  });

  it.each(['gone', 'deep/gone', '/nowhere/at/all', 'l'])('that leads to nothing (%s) is an error', (target) => {
    link('d/l', target);
    expect(problemOf('d')).toMatchObject({ code: 'SOURCE_LINK_BROKEN', message: expect.stringContaining(at('d/l')) });
  });

  it('that one folder keeps leads out of another that is below it', () => {
    link('d/deep/l', '../a');
    expect(source('d')).toMatchObject({ deep: { l: '-> ../a' } });
    expect(problemOf('d/deep').code).toBe('SOURCE_LINK_ESCAPES');
  });
});

describe('a part of a source', () => {
  const part = (path: string) =>
    contentOf(
      store,
      new ArtifactReference(Tree, { type: 'source', path: at('d'), written: 'd' }).at(path, File) as never,
      nobody,
    );

  beforeEach(() => {
    write('d/a');
    write('d/deep/b');
    link('d/l', 'to-deep/b');
    link('d/to-deep', 'deep');
  });

  it('is what its path leads to', async () => {
    expect(plain(await part('l'))).toBe('d/deep/b');
    expect(plain(await part('to-deep/b'))).toBe('d/deep/b');
    expect(plain(await part('to-deep'))).toEqual({ b: 'd/deep/b' });
  });

  it('keeps no link that leads out of it', async () => {
    link('d/deep/up', '../a');
    await expect(part('to-deep')).rejects.toThrow(`${at('d/deep/up')} leads to ${at('d/a')}`);
    await expect(part('deep/up').then(plain)).resolves.toBe('d/a');
  });

  it('is not what lies beside the source', async () => {
    write('beside');
    await expect(part('../beside')).rejects.toThrow('there is no ../beside in d');
  });
});

describe('what is not a file, folder or link', () => {
  it.each(['pipe', 'd/pipe'])('%s is refused by its name, at once', (path) => {
    mkdirSync(at('d'));
    execFileSync('mkfifo', [at(path)]);
    expect(problemOf(path.split('/')[0]!)).toMatchObject({
      code: 'SOURCE_NOT_A_FILE',
      message: `${at(path)} is a named pipe, neither a file nor a folder`,
    });
  });

  it('a socket, and a device behind a link', async () => {
    const server = createServer().listen(at('socket'));
    await new Promise((resolve) => server.on('listening', resolve));
    expect(problemOf('socket').message).toContain(`${at('socket')} is a socket`);
    server.close();
    link('null', '/dev/null');
    expect(problemOf('null').message).toContain('is a device');
  });
});

describe('a name that is not UTF-8', () => {
  const bytes = (path: string): Buffer => Buffer.concat([Buffer.from(at(path)), Buffer.from([0xe9])]);

  it('is refused with its bytes, and a remedy that can be run', () => {
    mkdirSync(at('d'));
    writeFileSync(bytes('d/caf'), '');
    const { code, message, hint = '' } = problemOf('d');
    expect(code).toBe('NOT_UTF8');
    expect(message).toBe(`${at('d')} holds a name that is not UTF-8: caf\\xe9`);
    execFileSync('bash', ['-c', hint.slice(hint.indexOf(': ') + 2)]);
    expect(source('d')).toEqual({ NAME: '' });
  });

  it('is refused as the target of a link', () => {
    write('d/a');
    writeFileSync(bytes('d/caf'), '');
    symlinkSync(Buffer.concat([Buffer.from('caf'), Buffer.from([0xe9])]), at('l'));
    expect(problemOf('l')).toMatchObject({ code: 'NOT_UTF8', message: expect.stringMatching(/ caf\\xe9$/) });
  });

  it('is not one that has the character by which Node tells of such names', () => {
    write('d/caf\ufffd', 'x');
    expect(source('d')).toEqual({ 'caf\ufffd': 'x' });
  });
});

describe('what a source rests on', () => {
  /** Whether a change shows in what is looked at. */
  function shows(path: string, change: () => void): boolean {
    const look = () => {
      const paths = sourceRestsOn(at(path), new Looks());
      return { paths, stamps: stampsOf(paths) };
    };
    const before = look();
    change();
    return !areSameStamps(before.stamps, stampsOf(before.paths));
  }

  beforeEach(() => {
    write('one/f', 'same');
    write('two/f', 'same');
    link('to', 'one');
    link('latest', 'to/f');
    link('again', 'latest');
  });

  it.each([
    ['the first link', () => link('again', 'two/f')],
    ['a link behind it', () => link('latest', 'two/f')],
    ['a link to a folder on the way', () => link('to', 'two')],
    ['the file at the end', () => writeFileSync(at('one/f'), 'else')],
    ['that it is gone', () => rmSync(at('one/f'))],
  ])('%s', (_, change) => {
    expect(shows('again', change)).toBe(true);
  });

  it('a place where nothing was', () => {
    link('latest', 'later/f');
    expect(shows('again', () => write('later/f'))).toBe(true);
  });

  it('all that is in a folder, and how its links lead into it from outside', () => {
    link('one/l', at('back/f'));
    link('back', 'one');
    expect(source('to')).toEqual({ f: 'same', l: '-> f' });
    expect(shows('to', () => write('one/new'))).toBe(true);
    expect(shows('to', () => link('back', 'two'))).toBe(true);
    expect(shows('to', () => write('two/new'))).toBe(false);
  });

  it('but not what version control and npm keep in it', () => {
    write('one/.git/index');
    expect(shows('to', () => write('one/.git/index', 'else'))).toBe(false);
    expect(source('to')).toEqual({ f: 'same' });
  });
});

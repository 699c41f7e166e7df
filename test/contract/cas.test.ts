/** What every content-addressed store keeps to. */
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { Cas, digestOf, EMPTY } from '../../cache/cas.ts';
import { Store } from '../../cache/store.ts';
import { digest } from '../../src/model/digest.ts';
import { CHECKOUT } from '../rig/index.ts';
import { temporaryNames } from './temporary.ts';

const newName = temporaryNames();
const run = promisify(execFile);
const BYTES = Buffer.from('the bytes of a blob');
const OF = digest(createHash('sha256').update(BYTES).digest('hex'), BYTES.length);

let root: string;
let cas: Cas;

beforeEach(() => {
  root = newName();
  cas = new Cas(root);
});

/** A file on the store's file system, as an action leaves it. */
function fileWith(bytes: Uint8Array): string {
  const path = newName();
  writeFileSync(path, bytes);
  return path;
}

describe('bytes that are put', () => {
  it('are named by their SHA-256 and size, and read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const of = cas.put(bytes);
        expect(of).toEqual(digest(createHash('sha256').update(bytes).digest('hex'), bytes.length));
        expect(cas.has(of)).toBe(true);
        expect(cas.read(of)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 50 },
    );
  });

  it('may be put again', () => {
    expect(cas.put(BYTES)).toEqual(cas.put(BYTES));
    expect(cas.read(OF)).toEqual(BYTES);
  });

  it('can be written by nobody, and have one time', () => {
    const { mode, mtimeMs } = statSync(cas.path(cas.put(BYTES)));
    expect(mode & 0o222).toBe(0);
    expect(mtimeMs).toBe(statSync(cas.path(cas.put(Buffer.from('others')))).mtimeMs);
  });

  it('are there for another process', () => {
    cas.put(BYTES);
    expect(new Cas(root).read(OF)).toEqual(BYTES);
  });

  it('that are none are always there', () => {
    expect(cas.has(EMPTY)).toBe(true);
    expect(cas.read(EMPTY)).toHaveLength(0);
    cas.link(EMPTY, newName(), false);
  });
});

describe('a file', () => {
  it('that is copied stays where it is', () => {
    const path = fileWith(BYTES);
    expect(cas.putCopy(path)).toEqual(OF);
    writeFileSync(path, 'changed since');
    expect(cas.read(OF)).toEqual(BYTES);
  });

  it('that is adopted is moved, not copied', () => {
    const path = fileWith(BYTES);
    const { ino } = statSync(path);
    cas.adopt(path, OF);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(cas.path(OF)).ino).toBe(ino);
    expect(cas.read(OF)).toEqual(BYTES);
  });

  it('whose bytes are there already is taken off the hands all the same', () => {
    cas.put(BYTES);
    const path = fileWith(BYTES);
    cas.adopt(path, OF);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('with holes keeps them', () => {
    const path = newName();
    const file = openSync(path, 'w');
    writeSync(file, 'end', 64 * 1024 * 1024);
    closeSync(file);
    const { size, blocks } = statSync(cas.path(cas.putCopy(path)));
    expect(size).toBe(64 * 1024 * 1024 + 3);
    expect(blocks * 512).toBeLessThan(1024 * 1024);
  });

  it('that cannot be read leaves nothing behind', () => {
    expect(() => cas.putCopy(newName())).toThrow();
    expect(readdirSync(join(root, 'incoming'))).toEqual([]);
  });
});

describe('a link', () => {
  it('costs no copy, and is executable where that is wanted', () => {
    cas.put(BYTES);
    const [plain, executable] = [newName(), newName()];
    cas.link(OF, plain, false);
    cas.link(OF, executable, true);
    expect(statSync(plain).ino).toBe(statSync(cas.path(OF)).ino);
    expect(statSync(plain).mode & 0o777).toBe(0o444);
    expect(statSync(executable).mode & 0o777).toBe(0o555);
    expect(readFileSync(executable)).toEqual(BYTES);
  });

  it('to what is not there is a failure that says what to do', () => {
    expect(() => cas.link(OF, newName(), false)).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({ code: 'BLOB_MISSING', hint: expect.any(String) }),
      }),
    );
  });

  it('for people may be written to without harm', async () => {
    cas.put(BYTES);
    const path = newName();
    await cas.deliver(OF, path, false);
    writeFileSync(path, 'edited');
    expect(cas.read(OF)).toEqual(BYTES);
  });
});

describe('a blob that', () => {
  const damages: readonly (readonly [string, (path: string) => void])[] = [
    ['was written to', (path) => writeFileSync(path, 'THE bytes of a blob')],
    ['was cut off', (path) => truncateSync(path, 4)],
    ['has grown', (path) => writeFileSync(path, 'the bytes of a blob and more')],
    ['was emptied', (path) => truncateSync(path)],
    ['is gone', (path) => rmSync(path)],
  ];

  it.each(damages)('%s is not there, is never read, and can be put again', async (_what, damage) => {
    for (const ask of [
      () => expect(cas.has(OF)).toBe(false),
      () => expect(() => cas.read(OF)).toThrow('has lost blob'),
      () => expect(() => cas.link(OF, newName(), false)).toThrow('has lost blob'),
      async () => expect(await cas.verify(OF)).toBe(false),
    ]) {
      cas.put(BYTES);
      chmodSync(cas.path(OF), 0o644);
      damage(cas.path(OF));
      await ask();
      cas.put(BYTES);
      expect(cas.read(OF)).toEqual(BYTES);
      expect(await cas.verify(OF)).toBe(true);
    }
  });

  it('was only touched is still there', () => {
    cas.put(BYTES);
    chmodSync(cas.path(OF), 0o644);
    writeFileSync(cas.path(OF), BYTES);
    expect(cas.has(OF)).toBe(true);
  });

  it('rotted without a trace is found by verifying, and removed', async () => {
    const { mtime } = statSync(cas.path(cas.put(BYTES)));
    chmodSync(cas.path(OF), 0o644);
    writeFileSync(cas.path(OF), 'THE bytes of a blob');
    const { utimesSync } = await import('node:fs');
    utimesSync(cas.path(OF), mtime, mtime);
    expect(await cas.verify(OF)).toBe(false);
    expect(cas.has(OF)).toBe(false);
  });
});

describe('what was being written when the process ended', () => {
  it('is not a blob, and is swept once the process is gone', async () => {
    const store = new Store(root);
    const program = `
      const { Cas } = await import(${JSON.stringify(join(CHECKOUT, 'cache/cas.ts'))});
      (await import('node:fs')).writeFileSync(new Cas(process.argv[1]).incoming(), 'the b');
      process.kill(process.pid, 'SIGKILL');`;
    await expect(run(process.execPath, ['--input-type=module', '-e', program, root])).rejects.toThrow();
    expect(readdirSync(join(root, 'incoming'))).toHaveLength(1);
    const ofTheLiving = cas.incoming();
    writeFileSync(ofTheLiving, 'the b');
    expect(cas.has(OF)).toBe(false);
    cas.put(BYTES);
    expect(readdirSync(dirname(cas.path(OF)))).toEqual([OF.hash]);
    await store.sweep();
    expect(readdirSync(join(root, 'incoming'))).toEqual([basename(ofTheLiving)]);
  });

  it('under the name of a blob, by an alien hand, is not a blob', () => {
    mkdirSync(dirname(cas.path(OF)), { recursive: true });
    writeFileSync(cas.path(OF), BYTES.subarray(0, 5));
    expect(cas.has(OF)).toBe(false);
    cas.put(BYTES);
    expect(cas.read(OF)).toEqual(BYTES);
  });
});

it('several processes may write the same blobs at once', async () => {
  const program = `
    const { Cas, digestOf } = await import(${JSON.stringify(join(CHECKOUT, 'cache/cas.ts'))});
    const cas = new Cas(process.argv[1]);
    for (let i = 0; i < 40; i++) {
      const bytes = Buffer.alloc(5000, i);
      if (!cas.read(cas.put(bytes)).equals(bytes)) throw new Error('read something else');
      if (!cas.has(digestOf(bytes))) throw new Error('not there');
    }`;
  const write = () => run(process.execPath, ['--input-type=module', '-e', program, root]);
  await Promise.all([write(), write(), write()]);
  for (let i = 0; i < 40; i++) expect(await cas.verify(digestOf(Buffer.alloc(5000, i)))).toBe(true);
  expect(readdirSync(join(root, 'incoming'))).toEqual([]);
});

describe('links to a blob', () => {
  it('may be more than a file of the file system can have', () => {
    cas.put(BYTES);
    const folder = newName();
    mkdirSync(folder);
    const more = 65_010; // ext4 allows 65,000
    for (let index = 0; index < more; index++) cas.link(OF, join(folder, String(index)), false);
    expect(readdirSync(folder)).toHaveLength(more);
    const last = join(folder, String(more - 1));
    expect(readFileSync(last)).toEqual(BYTES);
    expect(statSync(last).mode & 0o777).toBe(0o444);
    expect(statSync(last).mtimeMs).toBe(statSync(cas.path(OF)).mtimeMs);
  });
});

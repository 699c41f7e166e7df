/** A digest that was begun while the file was written is that of the file, or there is none. */
import fc from 'fast-check';
import {
  appendFileSync,
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createCipheriv } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { hashFile, writeAll } from './files.ts';
import { GrowingFile } from './growing-file.ts';
import { Turns } from './turns.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-growing-'));
const path = join(folder, 'file');
const TURNS = new Turns(new AbortController().signal);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function overwrite(position: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+');
  writeAll(file, bytes, position);
  closeSync(file);
}

describe('a file that grows', () => {
  it('has the digest of its content, however often it was looked at', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.option(fc.nat(4000)))),
        async (parts) => {
          writeFileSync(path, '');
          using file = new GrowingFile(path);
          for (const [part, look] of parts) {
            appendFileSync(path, part);
            if (look !== null) file.advance(look);
          }
          expect(await file.finish(lstatSync(path), TURNS)).toEqual(hashFile(path));
        },
      ),
    ));

  it.each<[string, (size: number) => void]>([
    ['one bit of it is changed', () => overwrite(300_000, Buffer.from([1]))],
    ['its head is written last', () => overwrite(0, Buffer.from('head'))],
    [
      'two places are exchanged',
      () => (overwrite(0, Buffer.alloc(1000, 'b')), overwrite(400_000, Buffer.alloc(1000, 'a'))),
    ],
    ['it is cut', (size) => truncateSync(path, size - 1)],
    ['it is cut and filled up again', (size) => (truncateSync(path, 10), truncateSync(path, size))],
  ])('has none when %s after it was hashed', async (_what, change) => {
    const content = Buffer.alloc(600_000);
    content.fill('a', 0, 1000).fill('b', 400_000, 401_000);
    writeFileSync(path, content);
    using file = new GrowingFile(path);
    expect(file.advance()).toBe(content.length);
    change(content.length);
    expect(await file.finish(lstatSync(path), TURNS)).toBeUndefined();
  });

  it('has none when another file is in its place', async () => {
    writeFileSync(path, 'content');
    using file = new GrowingFile(path);
    file.advance();
    writeFileSync(`${path}.new`, 'content');
    renameSync(`${path}.new`, path);
    expect(await file.finish(lstatSync(path), TURNS)).toBeUndefined();
  });

  it('is not read before its content is there', () => {
    writeFileSync(path, 'content');
    truncateSync(path, 100_000_000);
    using file = new GrowingFile(path);
    expect(file.advance()).toBe(0);
  });

  it('is not followed to where a symlink points', () => {
    const link = join(folder, 'link');
    symlinkSync('/etc/hostname', link);
    expect(() => new GrowingFile(link)).toThrow('ELOOP');
  });

  it('may be left while it is on its way to the disk', async () => {
    writeFileSync(path, Buffer.alloc(5_000_000, 'a'));
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const file = new GrowingFile(path);
    expect([file.sync(), file.sync()]).toEqual([true, false]);
    file[Symbol.dispose]();
    await vi.waitFor(() => expect(open()).toBe(before));
  });

  it('is checked as a whole, in whatever chunks', () => {
    const tag = (...chunks: string[]): string => {
      const cipher = createCipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12));
      for (const chunk of chunks) cipher.setAAD(Buffer.from(chunk));
      cipher.final();
      return cipher.getAuthTag().toString('hex');
    };
    expect(tag('one ', 'and ', 'another')).toBe(tag('one and another'));
    expect(tag('and another')).not.toBe(tag('one and another'));
  });
});

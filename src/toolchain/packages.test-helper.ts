/** Packages made by hand for tests: a real `ar` archive around a tar that may be hostile. */
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack, type Header } from 'tar-stream';
import { controlOf, fieldsOf } from './control.ts';
import { debFile } from './packages.ts';
import type { Package } from './packages.ts';
import type { TreeSink } from './tree-sink.ts';

/** An entry of a package: a tar header and, for files, text. */
export type TestEntry = Partial<Header> & { readonly name: string; readonly text?: string };

/** Writes a .deb file into the cache and gives its pinned name. */
export async function testPackage(
  cache: string,
  name: string,
  entries: readonly TestEntry[],
  fields = '',
  version = '1',
): Promise<Package> {
  const own = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody\nDescription: test\n`;
  const control = own + fields;
  const deb = ar([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar', await tar([{ name: './control', text: control }])],
    ['data.tar', await tar(entries)],
  ]);
  const made = { name, version, architecture: 'all', filename: `pool/${name}_${version}_all.deb` };
  const of: Package = { ...made, size: deb.length, sha256: hash('sha256', deb), control: controlOf(fieldsOf(control)) };
  mkdirSync(dirname(debFile(cache, of)), { recursive: true });
  writeFileSync(debFile(cache, of), deb);
  return of;
}

async function tar(entries: readonly TestEntry[]): Promise<Buffer> {
  const archive = pack();
  // The same entries give the same file.
  for (const { text, ...header } of entries) archive.entry({ mtime: new Date(0), ...header }, text ?? '');
  archive.finalize();
  return buffer(archive);
}

/** The archive format of `ar`: 60 bytes of header a member, members padded to even lengths. */
function ar(members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = members.flatMap(([name, content]) => [
    Buffer.from(`${name.padEnd(16)}${'0'.padEnd(12)}0     0     100644  ${String(content.length).padEnd(10)}\`\n`),
    content,
    Buffer.alloc(content.length % 2, '\n'),
  ]);
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

/** Keeps a tree in memory: `path -> 'text'`, `'* text'` for executables, `'-> target'`, `'/'` for folders. */
export class MemorySink implements TreeSink {
  readonly tree: Record<string, string> = {};

  async file(path: string, executable: boolean, _size: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    const text = (await buffer(content)).toString();
    this.tree[path] = executable ? `* ${text}` : text;
  }

  copy(path: string, from: string): void {
    this.tree[path] = this.tree[from] ?? 'missing';
  }

  symlink(path: string, target: string): void {
    this.tree[path] = `-> ${target}`;
  }

  directory(path: string): void {
    this.tree[path] = '/';
  }
}

/** The programs of an initrd, runnable on this machine: each with the libraries that lie beside it. */
import { chmodSync, createReadStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { readCpio } from '../../src/archive/index.ts';

/** Unpacks the files of a gzip-compressed initrd into a folder. */
export async function unpackInitrd(initrd: string, folder: string): Promise<void> {
  for await (const entry of readCpio(createReadStream(initrd).pipe(createGunzip()))) {
    if (entry.type !== 'file') continue;
    const path = join(folder, entry.path);
    const parts: Buffer[] = [];
    for await (const part of entry.body()) parts.push(Buffer.from(part));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.concat(parts));
    chmodSync(path, entry.mode & 0o777);
  }
}

/** A folder for the PATH with a command that starts a program of the initrd through its own loader. */
export function commandOf(root: string, name: string): string {
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const folder = join(root, 'commands');
  const loader = join(libraries, 'ld-linux-x86-64.so.2');
  if (!existsSync(loader)) throw new Error(`${root} has no loader`);
  mkdirSync(folder, { recursive: true });
  const program = `exec '${loader}' --library-path '${libraries}' '${join(root, 'usr/bin', name)}' "$@"`;
  writeFileSync(join(folder, name), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
  return folder;
}

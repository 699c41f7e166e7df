/** Reads the content of a .deb file as a stream of entries, by `dpkg-deb` and tar-stream. */
import { execa } from 'execa';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { fail, Failure } from '../model/diagnostic.ts';
import { controlOf, fieldsOf } from './control.ts';
import { CONTROL_FIELDS, type Control } from './packages.ts';

/** One entry of a package, its path normalised and without a leading slash; the root folder has the path ''. */
export type DebEntry =
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | { readonly type: 'link'; readonly path: string; readonly from: string }
  | {
      readonly type: 'file';
      readonly path: string;
      readonly executable: boolean;
      readonly size: number;
      /** To be read, if at all, before the next entry is asked for. */
      readonly content: AsyncIterable<Uint8Array>;
    };

/** A package whose reading has begun. */
export interface OpenDeb {
  /** For messages. */
  readonly name: string;
  readonly entries: AsyncIterable<DebEntry>;
  /** Ends the reading early; does nothing after the end. */
  readonly close: () => void;
}

/** Starts to read a .deb file; the program runs ahead as far as the pipe's buffer lets it. */
export function openDeb(file: string, name: string): OpenDeb {
  const child = execa('dpkg-deb', ['--fsys-tarfile', file], { buffer: { stdout: false }, reject: false });
  const tar = extract();
  // Taken at once: it listens, and an entry that nobody listens for is lost.
  const tarEntries = tar[Symbol.asyncIterator]();
  const feeding = pipeline(child.stdout, tar).catch((error: unknown) => tar.destroy(error as Error));
  // Half-read streams would keep the process from ending.
  const close = (): void => {
    child.kill('SIGKILL');
    tar.destroy();
  };
  return { name, entries: entries(), close };

  async function* entries(): AsyncGenerator<DebEntry> {
    try {
      for await (const entry of { [Symbol.asyncIterator]: () => tarEntries }) {
        yield toEntry(entry.header, entry as AsyncIterable<Uint8Array>, name);
        entry.resume();
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      const ended = await child;
      broken(name, ended.failed ? ended.stderr || String(ended.shortMessage) : String(error));
    } finally {
      close();
    }
    await feeding;
    const ended = await child;
    if (ended.failed) broken(name, ended.stderr || String(ended.shortMessage));
  }
}

/** A field of a package's control file, for example `Replaces`; empty when it has none. */
export async function debField(file: string, field: string): Promise<string> {
  return (await execa('dpkg-deb', ['--field', file, field])).stdout;
}

/** What resolution needs to know of a package, from its own control file. */
export async function debControl(file: string): Promise<Control> {
  const { stdout } = await execa('dpkg-deb', ['--field', file, ...CONTROL_FIELDS]);
  return controlOf(fieldsOf(stdout));
}

function toEntry(header: Header, content: AsyncIterable<Uint8Array>, name: string): DebEntry {
  const path = normalise(header.name, name);
  const { type, linkname } = header;
  if (type === 'directory') return { type, path };
  if (path === '') return broken(name, 'an entry that is not a folder has no name');
  if (type === 'symlink') {
    if (!linkname || linkname.includes('\0')) return broken(name, `the symbolic link ${path} has no usable target`);
    return { type, path, target: linkname };
  }
  if (type === 'link') return { type, path, from: normalise(linkname ?? '', name) };
  if (type !== 'file' && type !== 'contiguous-file')
    return broken(name, `${path} is a ${type}; only files, folders and links are unpacked`);
  // The set-user-id and set-group-id bits end here: only "executable" is kept.
  const executable = ((header.mode ?? 0) & 0o111) !== 0;
  return { type: 'file', path, executable, size: header.size ?? 0, content };
}

/** `./usr/bin/` as `usr/bin`. A package is foreign input: nothing may climb out of the tree. */
function normalise(path: string, name: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) broken(name, `the path '${path}' leads out of the tree`);
  // U+FFFD stands for bytes that are not UTF-8: two such names would become one.
  if (/[\0\uFFFD]/.test(path)) broken(name, `the path ${JSON.stringify(path)} is not plain UTF-8`);
  return parts.join('/');
}

function broken(name: string, detail: string): never {
  fail('BAD_PACKAGE', `the package ${name} cannot be unpacked`, { detail });
}

/** Remembers the digests of source files by their stat, so that a file is read again only after it may have changed. */
import { readFileSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { digest, type Digest } from '../src/model/digest.ts';
import { writeAtomically } from './files.ts';

/** size, mtime, ctime, inode, device, when it was looked at, hash. */
type Row = [
  size: number,
  mtimeMs: number,
  ctimeMs: number,
  inode: number,
  device: number,
  lookedAt: number,
  hash: string,
];

/** A file changed this shortly before it was looked at may change again without its times showing it. */
const RACY_MS = 50;

export class SourceDigests {
  readonly #path: string;
  #rows: Map<string, Row> | undefined;
  #dirty = false;

  constructor(root: string) {
    this.#path = join(root, 'sources.v1.json');
  }

  /** The digest of a file; `read` is called when it is not known. */
  of(path: string, read: () => Digest, stats: Stats = statSync(path)): Digest {
    const row = this.#load().get(path);
    if (row && unchanged(row, stats)) return digest(row[6], row[0]);
    const lookedAt = Date.now();
    const of = read();
    const { size, mtimeMs, ctimeMs, ino, dev } = stats;
    this.#load().set(path, [size, mtimeMs, ctimeMs, ino, dev, lookedAt, of.hash]);
    this.#dirty = true;
    return of;
  }

  /** Writes what was learned; called once, at the end of a build. */
  save(): void {
    if (this.#dirty) writeAtomically(this.#path, JSON.stringify([...this.#load()]), false);
    this.#dirty = false;
  }

  #load(): Map<string, Row> {
    this.#rows ??= new Map(readRows(this.#path));
    return this.#rows;
  }
}

function unchanged(row: Row, stats: Stats): boolean {
  const [size, mtimeMs, ctimeMs, inode, device, lookedAt] = row;
  return (
    size === stats.size &&
    mtimeMs === stats.mtimeMs &&
    ctimeMs === stats.ctimeMs &&
    inode === stats.ino &&
    device === stats.dev &&
    lookedAt - Math.max(mtimeMs, ctimeMs) > RACY_MS
  );
}

function readRows(path: string): [string, Row][] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as [string, Row][];
  } catch {
    return [];
  }
}

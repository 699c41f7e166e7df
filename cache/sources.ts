/** Remembers the digests of source files by their stat, so that a file is read again only after it may have changed. */
import { readFileSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { digest, type Digest } from '../src/model/digest.ts';
import { writeUnlessReadOnly } from './files.ts';
import { areSameStamps, isBelievable, stampFrom, type Stamp } from './stamps.ts';

/** What was read of a file: kept only where its stamp can be believed. */
type Row = readonly [stamp: Stamp, size: number, hash: string];

export class SourceDigests {
  readonly #path: string;
  #rows: Map<string, Row> | undefined;
  #dirty = false;

  constructor(root: string) {
    this.#path = join(root, 'sources.v2.json');
  }

  /** The digest of a file; `read` is called when it is not known. */
  of(path: string, read: () => Digest, stats: Stats = statSync(path)): Digest {
    const stamp = stampFrom(stats);
    const row = this.#load().get(path);
    if (row && areSameStamps(row[0], stamp)) return digest(row[2], row[1]);
    const lookedAt = Date.now();
    const { hash, size } = read();
    if (isBelievable(stamp, lookedAt)) this.#load().set(path, [stamp, size, hash]);
    else this.#load().delete(path);
    this.#dirty = true;
    return digest(hash, size);
  }

  /** Writes what was learned; called once, at the end of a build. */
  save(): void {
    if (this.#dirty) writeUnlessReadOnly(this.#path, JSON.stringify([...this.#load()]), false);
    this.#dirty = false;
  }

  #load(): Map<string, Row> {
    this.#rows ??= new Map(readRows(this.#path));
    return this.#rows;
  }
}

function readRows(path: string): [string, Row][] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as [string, Row][];
  } catch {
    return [];
  }
}

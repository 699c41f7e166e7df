/** Which blobs are needed, found by following references; and how much they take on disk. */
import { join } from 'node:path';
import { decodeDirectory } from '../reapi/messages.ts';
import { EMPTY } from '../cas.ts';
import { referenceTo, type Reference } from './items.ts';
import { bytesOnDisk, readQuietly } from './quiet.ts';

/** What a directory refers to; nothing for one that is missing or broken. */
export function referencesIn(root: string, hash: string): Reference[] {
  const bytes = readQuietly(join(root, 'cas.v1', hash.slice(0, 2), hash));
  if (!bytes) return [];
  try {
    return [...decodeDirectory(bytes).values()].flatMap(referenceTo);
  } catch {
    return [];
  }
}

export class Reach {
  readonly #root: string;
  readonly #blobs = new Map<string, Reference['as']>([[EMPTY.hash, 'file']]);
  #bytes = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** What the needed blobs take on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  has(hash: string): boolean {
    return this.#blobs.has(hash);
  }

  /** Adds what the references lead to, unless that takes more than `limit` bytes; tells whether it did. */
  add(references: readonly Reference[], limit = Infinity): boolean {
    const found = new Map<string, Reference['as']>();
    let bytes = 0;
    const waiting = [...references];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { hash, as } = next;
      // The same bytes may be asked for as a file first, and as a folder later.
      if (isKnown(this.#blobs, next) || isKnown(found, next)) continue;
      if (!this.#blobs.has(hash) && !found.has(hash)) bytes += this.#bytesOf(hash);
      if (bytes > limit) return false;
      found.set(hash, as);
      if (as === 'directory') waiting.push(...referencesIn(this.#root, hash));
    }
    for (const [hash, as] of found) this.#blobs.set(hash, as);
    this.#bytes += bytes;
    return true;
  }

  #bytesOf(hash: string): number {
    return bytesOnDisk(this.#path('cas.v1', hash)) + bytesOnDisk(this.#path('exec.v1', hash));
  }

  #path(folder: string, hash: string): string {
    return join(this.#root, folder, hash.slice(0, 2), hash);
  }
}

function isKnown(blobs: ReadonlyMap<string, Reference['as']>, { hash, as }: Reference): boolean {
  const known = blobs.get(hash);
  return known !== undefined && (as === 'file' || known === as);
}

/** Which blobs that something needs are not there, or broken. Looks into each directory once. */
import { join } from 'node:path';
import { decodeDirectory } from '../reapi/messages.ts';
import { referenceTo, type Reference } from '../collect/items.ts';
import { EMPTY } from '../cas.ts';
import { readQuietly } from '../collect/quiet.ts';
import type { Check } from './finding.ts';

export class Missing {
  readonly #check: Check;
  readonly #below = new Map<string, readonly string[]>();

  constructor(check: Check) {
    this.#check = check;
  }

  /** Hashes, each once. */
  below(references: readonly Reference[]): string[] {
    return [...new Set(references.flatMap((one) => this.#of(one)))];
  }

  #of({ hash, as }: Reference): readonly string[] {
    if (hash === EMPTY.hash) return [];
    if (!this.#check.sound.has(hash)) return [hash];
    if (as !== 'directory') return [];
    const known = this.#below.get(hash);
    if (known) return known;
    const found = this.#inDirectory(hash);
    this.#below.set(hash, found);
    return found;
  }

  #inDirectory(hash: string): string[] {
    const bytes = readQuietly(join(this.#check.store.root, 'cas.v1', hash.slice(0, 2), hash));
    try {
      return this.below([...decodeDirectory(bytes ?? Buffer.alloc(0)).values()].flatMap(referenceTo));
    } catch {
      return [hash];
    }
  }
}

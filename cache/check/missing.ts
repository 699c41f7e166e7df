/** Which blobs that something needs are not there, or broken. Looks into each directory once. */
import { join } from 'node:path';
import { decodeDirectory } from '../reapi/messages.ts';
import { referenceTo, type Reference } from '../collect/items.ts';
import { EMPTY } from '../cas.ts';
import { readQuietly } from '../collect/quiet.ts';
import type { Node } from '../tree.ts';
import type { Check } from './finding.ts';

/** A blob that is missing or broken, and a path that needs it; an empty one for the thing itself. */
export interface Gone {
  readonly hash: string;
  readonly path: string;
}

export class Missing {
  readonly #check: Check;
  readonly #below = new Map<string, readonly Gone[]>();

  constructor(check: Check) {
    this.#check = check;
  }

  /** Below nodes by path, each blob once. */
  belowNodes(nodes: Iterable<readonly [path: string, node: Node]>): Gone[] {
    const found = new Map<string, Gone>();
    for (const [path, node] of nodes)
      for (const gone of referenceTo(node).flatMap((one) => this.below(one)))
        if (!found.has(gone.hash)) found.set(gone.hash, { ...gone, path: gone.path ? `${path}/${gone.path}` : path });
    return [...found.values()];
  }

  below({ hash, as }: Reference): readonly Gone[] {
    if (hash === EMPTY.hash) return [];
    if (!this.#check.sound.has(hash)) return [{ hash, path: '' }];
    if (as !== 'directory') return [];
    const known = this.#below.get(hash);
    if (known) return known;
    const found = this.#inDirectory(hash);
    this.#below.set(hash, found);
    return found;
  }

  #inDirectory(hash: string): Gone[] {
    const bytes = readQuietly(join(this.#check.store.root, 'cas.v1', hash.slice(0, 2), hash));
    try {
      return this.belowNodes(decodeDirectory(bytes ?? Buffer.alloc(0)));
    } catch {
      return [{ hash, path: '' }];
    }
  }
}

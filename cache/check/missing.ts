/** Which blobs that something needs are not there, or broken. Looks into each directory once. */
import { join } from 'node:path';
import { decodeDirectory } from '../reapi/messages.ts';
import { referenceTo, type Reference } from '../collect/items.ts';
import { EMPTY } from '../cas.ts';
import { readQuietly } from '../collect/quiet.ts';
import type { Entries, Node } from '../tree.ts';
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
    const all = [...nodes];
    for (const one of all.flatMap(([, node]) => referenceTo(node))) this.below(one);
    return this.#gathered(all);
  }

  /** Of a tree as deep as may be: from its leaves up, without a call for each level. */
  below(top: Reference): readonly Gone[] {
    const waiting: { readonly of: Reference; readonly entries?: Entries }[] = [{ of: top }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { of, entries } = next;
      if (entries) this.#below.set(of.hash, this.#gathered(entries));
      else if (!this.#known(of)) {
        const inside = this.#entries(of.hash);
        if (!inside) this.#below.set(of.hash, [{ hash: of.hash, path: '' }]);
        else waiting.push({ of, entries: inside }, ...[...inside.values()].flatMap(referenceTo).map((of) => ({ of })));
      }
    }
    return this.#known(top) ?? [];
  }

  #known({ hash, as }: Reference): readonly Gone[] | undefined {
    if (hash === EMPTY.hash) return [];
    if (!this.#check.sound.has(hash)) return [{ hash, path: '' }];
    return as === 'directory' ? this.#below.get(hash) : [];
  }

  /** When all that is below is known. */
  #gathered(nodes: Iterable<readonly [path: string, node: Node]>): Gone[] {
    const found = new Map<string, Gone>();
    for (const [path, node] of nodes)
      for (const gone of referenceTo(node).flatMap((one) => this.#known(one) ?? []))
        if (!found.has(gone.hash)) found.set(gone.hash, { ...gone, path: gone.path ? `${path}/${gone.path}` : path });
    return [...found.values()];
  }

  /** Undefined for what is not a directory. */
  #entries(hash: string): Entries | undefined {
    try {
      const bytes = readQuietly(join(this.#check.store.root, 'cas.v1', hash.slice(0, 2), hash));
      return bytes && decodeDirectory(bytes);
    } catch {
      return undefined;
    }
  }
}

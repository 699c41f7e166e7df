/**
 * Results that may be wrong since something that they were made of is broken: who can tell whether it was read before it
 * broke. What such a result gave is suspect as well, and so on.
 */
import type { Reference } from '../collect/items.ts';
import { referencesIn } from '../collect/reach.ts';
import type { Check } from './finding.ts';

/** A result of the action cache, as far as suspicion spreads by it. */
export interface Made {
  readonly key: string;
  readonly of: readonly Reference[];
  readonly outputs: readonly Reference[];
}

/** The suspect ones of the results, each with the hash of a blob that makes it so. */
export function suspectResults({ store, broken }: Check, results: readonly Made[]): Map<Made, string> {
  const found = new Map<Made, string>();
  const suspects = new Set(broken);
  const inside = directoryReader(store.root);
  for (let before = -1; suspects.size > 0 && before < found.size;) {
    before = found.size;
    const suspectBelow = finder(inside, suspects);
    for (const result of results) {
      const hash = found.has(result) ? undefined : suspectBelow(result.of);
      if (hash === undefined) continue;
      found.set(result, hash);
      // What it handed on as it was is no more suspect than before.
      for (const one of blobsBelow(inside, result.outputs).difference(blobsBelow(inside, result.of))) suspects.add(one);
    }
  }
  return found;
}

type Inside = (directory: string) => readonly Reference[];

/** What directories refer to, each read once. */
function directoryReader(root: string): Inside {
  const known = new Map<string, readonly Reference[]>();
  return (hash) => {
    const references = known.get(hash) ?? referencesIn(root, hash);
    known.set(hash, references);
    return references;
  };
}

/** Finds a suspect in trees. Looks into each directory once, so that one finder serves one round. */
function finder(inside: Inside, suspects: ReadonlySet<string>): (of: readonly Reference[]) => string | undefined {
  const known = new Map<string, string | undefined>();
  const find = ({ hash, as }: Reference): string | undefined =>
    suspects.has(hash) ? hash : as === 'directory' ? known.get(hash) : undefined;
  return (references) => {
    const waiting = references.map((of) => ({ of, seen: false }));
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { of, seen } = next;
      const isOpen = of.as === 'directory' && !suspects.has(of.hash) && !known.has(of.hash);
      if (seen) known.set(of.hash, firstOf(inside(of.hash), find));
      else if (isOpen) waiting.push({ of, seen: true }, ...inside(of.hash).map((of) => ({ of, seen: false })));
    }
    return firstOf(references, find);
  };
}

function firstOf(references: readonly Reference[], find: (of: Reference) => string | undefined): string | undefined {
  for (const one of references) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function blobsBelow(inside: Inside, references: readonly Reference[]): Set<string> {
  const blobs = new Set<string>();
  const waiting = [...references];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (blobs.has(next.hash)) continue;
    blobs.add(next.hash);
    if (next.as === 'directory') waiting.push(...inside(next.hash));
  }
  return blobs;
}

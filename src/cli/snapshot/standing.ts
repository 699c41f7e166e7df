/** Whether what a kept build rested on is still as it was. */
import { existsSync } from 'node:fs';
import { areSameStamps, stampsAt, stampsOf, type Stamps } from '../../../cache/stamps.ts';
import type { Looks } from '../../../cache/ways.ts';
import type { Kept, Plan } from './memory.ts';

/** Whether the ground of a kept graph is as it was; paths that are read again anyway may be left out. */
export function stands({ seen, stamps, present }: Plan, leftOut?: ReadonlySet<string>): boolean {
  return present.every((path) => existsSync(path)) && areSameBut(leftOut, seen, stamps);
}

function areSameBut(leftOut: ReadonlySet<string> | undefined, seen: readonly string[], stamps: Stamps): boolean {
  const now = stampsOf(seen);
  if (!leftOut) return areSameStamps(now, stamps);
  return seen.every((path, at) => leftOut.has(path) || areSameStamps(stampsAt(now, at, 1), stampsAt(stamps, at, 1)));
}

/** The places of readings that have changed. */
export function changedReadings({ state: { paths, stamps } }: Kept, looks: Looks): Set<number> {
  const changed = new Set<number>();
  let first = 0;
  for (const [place, of] of paths.entries()) {
    if (!areSameStamps(stampsOf(of, looks.stamp), stampsAt(stamps, first, of.length))) changed.add(place);
    first += of.length;
  }
  return changed;
}

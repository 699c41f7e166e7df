/** What actions read and people change, one by one: a source, or the modules of a step. */
import { fileURLToPath } from 'node:url';
import { areBelievable, stampsOf, unknownStamps, type Stamps } from '../../../cache/stamps.ts';
import type { Store } from '../../../cache/store.ts';
import { bundleRestsOn } from '../../plan/bundle.ts';
import { sourceRestsOn } from '../../plan/source.ts';

export type Reading =
  { readonly type: 'source'; readonly path: string } | { readonly type: 'step'; readonly module: string };

/** A reading as it was found: the paths that count, there or not, and a stamp for each. */
export interface Looked {
  readonly paths: readonly string[];
  readonly stamps: Stamps;
}

/** A reading as the build has seen it. What has changed since this process began may be another thing than it has read. */
export function look(store: Store, reading: Reading): Looked {
  const paths = pathsOf(store, reading);
  const stamps = paths && stampsOf(paths, store.looks.stamp);
  if (stamps && areBelievable(stamps, performance.timeOrigin)) return { paths, stamps };
  const path = reading.type === 'source' ? reading.path : fileURLToPath(reading.module);
  return { paths: [path], stamps: unknownStamps(1) };
}

/** Undefined for a step whose modules are just changing. */
function pathsOf(store: Store, reading: Reading): readonly string[] | undefined {
  return reading.type === 'step'
    ? bundleRestsOn(store, new URL(reading.module))
    : sourceRestsOn(reading.path, store.looks);
}

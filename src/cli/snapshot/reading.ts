/** What actions read and people change, one by one: a source, or the modules of a step. */
import { lstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Store } from '../../../cache/store.ts';
import { pathsBelow } from '../../../cache/walk.ts';
import { bundleRestsOn } from '../../plan/bundle.ts';
import { isFresh, rowsOf, unknownRows, type Looks } from './rows.ts';

export type Reading =
  { readonly type: 'source'; readonly path: string } | { readonly type: 'step'; readonly module: string };

/** A reading as it was found: the paths that count, there or not, and a row for each. */
export interface Looked {
  readonly paths: readonly string[];
  readonly rows: Float64Array;
}

/** Looks at a reading. What has changed since this process began may be another thing than the build has read. */
export function look(store: Store, reading: Reading, looks?: Looks): Looked {
  const paths = pathsOf(store, reading);
  const rows = paths && rowsOf(paths, reading.type === 'step' ? looks : undefined);
  if (rows && !isFresh(rows, performance.timeOrigin)) return { paths, rows };
  const path = reading.type === 'source' ? reading.path : fileURLToPath(reading.module);
  return { paths: [path], rows: unknownRows(1) };
}

/** Undefined for a step whose modules are just changing. */
function pathsOf(store: Store, reading: Reading): readonly string[] | undefined {
  if (reading.type === 'step') return bundleRestsOn(store, new URL(reading.module));
  const isFolder = lstatSync(reading.path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? [reading.path, ...pathsBelow(reading.path)] : [reading.path];
}

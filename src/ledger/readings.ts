/** What single actions read and people change, one by one: a source, or the modules of a step. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { firstRacy, stampsOf, timesAt, unknownStamps, type Stamps } from '../../cache/stamps.ts';
import type { Store } from '../../cache/store.ts';
import type { ActionNode, ArtifactReference } from '../analysis/action.ts';
import { bundleRestsOn } from '../plan/bundle.ts';
import { sourceRestsOn } from '../plan/source.ts';
import { nameOf, whyRacy } from './ground.ts';

export interface Reading {
  readonly type: 'source' | 'step';
  /** Of the source, or of the step's module; absolute. */
  readonly path: string;
}

/** A reading as it was found: the paths that count, there or not, and a stamp for each. */
export interface Looked {
  readonly paths: readonly string[];
  readonly stamps: Stamps;
  /** Why it cannot be believed: then the stamps equal none. It is not written down. */
  readonly doubt?: string;
}

/** A reading as the build has seen it. What has changed since this process began may be another thing than it has read. */
export function look(store: Store, reading: Reading): Looked {
  const doubtful = (doubt: string): Looked => ({ paths: [reading.path], stamps: unknownStamps(1), doubt });
  const paths = pathsOf(store, reading);
  if (!paths) return doubtful(`it is not known which modules make ${nameOf(reading.path)}`);
  const stamps = stampsOf(paths, store.looks.stamp);
  const racy = firstRacy(stamps, performance.timeOrigin);
  return racy === undefined ? { paths, stamps } : doubtful(whyRacy(paths[racy]!, timesAt(stamps, racy)));
}

/** Undefined for a step whose modules are just changing. */
function pathsOf(store: Store, { type, path }: Reading): readonly string[] | undefined {
  return type === 'step' ? bundleRestsOn(store, pathToFileURL(path)) : sourceRestsOn(path, store.looks);
}

/** The sources in artifacts and in all that they are made of, and the steps, each with the actions that read it. */
export function readingsOf(artifacts: readonly ArtifactReference[]): Map<Reading, Set<ActionNode>> {
  const found = new Map<string, readonly [Reading, Set<ActionNode>]>();
  const note = (reading: Reading, reader: ActionNode | undefined): void => {
    const name = `${reading.type} ${reading.path}`;
    const known = found.get(name) ?? [reading, new Set()];
    found.set(name, known);
    if (reader) known[1].add(reader);
  };
  const seen = new Set<ActionNode>();
  const waiting = artifacts.map((one): readonly [of: ArtifactReference, reader: ActionNode | undefined] => [
    one,
    undefined,
  ]);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [{ origin }, reader] = next;
    if (origin.type === 'source') note({ type: 'source', path: origin.path }, reader);
    if ('entries' in origin) for (const entry of origin.entries.values()) waiting.push([entry, reader]);
    if (origin.type !== 'action' || seen.has(origin.action)) continue;
    const { work, inputs, toolchains } = origin.action;
    seen.add(origin.action);
    for (const input of [...inputs.values(), ...toolchains]) waiting.push([input, origin.action]);
    if (work.type === 'step') note({ type: 'step', path: fileURLToPath(work.module) }, origin.action);
  }
  return new Map(found.values());
}

/** What a page keeps of outputs when nobody serves it: lists, maps of disks, and what lies in cells that changed; within bounds. */
import { setImmediate } from 'node:timers/promises';
import type { Snapshot } from '../protocol.ts';
import type { Artifacts } from './artifacts.ts';
import type { BuildActions } from './made.ts';
import type { CarriedArtifacts, CarriedDisk, PageCell, PageDisk, PageOutput } from './protocol.ts';

const MOST_PLACES = 100;
const MOST_DISKS = 4;
const MOST_CELLS = 200;
const MOST_CHARACTERS = 2 * 1024 * 1024;
/** The build has ended, and somebody waits. */
const MOST_MS = 3000;

export const NOTHING_CARRIED: CarriedArtifacts = { outputs: {}, disks: {} };

/**
 * Of the targets that were asked for first, then of what ran. What cannot be told is left out: a build does not fail
 * for what its page would like to know.
 */
export async function carryArtifacts(
  artifacts: Artifacts,
  build: BuildActions,
  snapshot: Snapshot,
): Promise<CarriedArtifacts> {
  using bound = new Bound();
  const outputs: Record<number, readonly PageOutput[]> = {};
  const disks: Record<string, CarriedDisk> = {};
  for (const place of placesOf(snapshot)) {
    outputs[place] = (await attempt(() => artifacts.outputs(build, place))) ?? [];
    for (const { name, kind } of outputs[place]) {
      if (kind !== 'disk' && kind !== 'image') continue;
      if (Object.keys(disks).length === MOST_DISKS || bound.isSpent) continue;
      const disk = await attempt(() => artifacts.disk(build, place, name));
      if (disk) disks[`${place}/${name}`] = await withCells(artifacts, build, { place, output: name }, disk, bound);
    }
    await setImmediate();
    if (bound.isSpent) break;
  }
  return { outputs, disks };
}

/** Undefined where it fails. */
async function attempt<T>(look: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch {
    return undefined;
  }
}

/** How long it may take, and how large it may get. */
class Bound implements Disposable {
  characters = MOST_CHARACTERS;
  /** Settles when the time is over. */
  readonly late: Promise<undefined>;
  readonly #until = performance.now() + MOST_MS;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.late = promise;
    this.#timer = setTimeout(resolve, MOST_MS, undefined);
  }

  get isSpent(): boolean {
    return performance.now() > this.#until || this.characters < 0;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

function placesOf({ head, actions, runs }: Snapshot): number[] {
  const asked = new Set(head.asked);
  const ran = (place: number): boolean => runs[place]!.state === 'executed';
  const isAsked = (place: number): boolean => asked.has(actions[place]!.label);
  return [...actions.keys()]
    .filter((place) => isAsked(place) || ran(place))
    .sort((a, b) => Number(isAsked(b)) - Number(isAsked(a)) || b - a)
    .slice(0, MOST_PLACES);
}

async function withCells(
  artifacts: Artifacts,
  build: BuildActions,
  of: { readonly place: number; readonly output: string },
  disk: PageDisk,
  bound: Bound,
): Promise<CarriedDisk> {
  const cells: PageCell[] = [];
  for (const cell of changedCells(disk)) {
    if (cells.length === MOST_CELLS || bound.isSpent) break;
    // The first of a disk waits until all of the disk has been looked through.
    const told = await Promise.race([
      attempt(() => artifacts.cell(build, { ...of, cell, since: disk.since?.build })),
      bound.late,
    ]);
    if (!told) continue;
    cells.push(told);
    bound.characters -= JSON.stringify(told).length;
  }
  return { disk: { ...disk, others: [] }, cells };
}

function* changedCells({ runs }: PageDisk): Generator<number> {
  let first = 0;
  for (const { state, count } of runs) {
    if (state === 'changed' || state === 'added' || state === 'removed')
      for (let cell = first; cell < first + count; cell++) yield cell;
    first += count;
  }
}

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

/** Of the targets that were asked for first, then of what ran. */
export async function carryArtifacts(
  artifacts: Artifacts,
  build: BuildActions,
  snapshot: Snapshot,
): Promise<CarriedArtifacts> {
  const bound = { until: performance.now() + MOST_MS, characters: MOST_CHARACTERS };
  const outputs: Record<number, readonly PageOutput[]> = {};
  const disks: Record<string, CarriedDisk> = {};
  for (const place of placesOf(snapshot)) {
    outputs[place] = artifacts.outputs(build, place);
    for (const { name, kind } of outputs[place]) {
      if (kind === 'file' || kind === 'folder' || kind === 'symlink') continue;
      if (Object.keys(disks).length === MOST_DISKS || isSpent(bound)) continue;
      const disk = artifacts.disk(build, place, name);
      if (disk) disks[`${place}/${name}`] = await withCells(artifacts, build, { place, output: name }, disk, bound);
    }
    await setImmediate();
    if (isSpent(bound)) break;
  }
  return { outputs, disks };
}

interface Bound {
  readonly until: number;
  characters: number;
}

function isSpent({ until, characters }: Bound): boolean {
  return performance.now() > until || characters < 0;
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
    if (cells.length === MOST_CELLS || isSpent(bound)) break;
    const told = await artifacts.cell(build, { ...of, cell, since: disk.since?.build });
    if (!told) break;
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

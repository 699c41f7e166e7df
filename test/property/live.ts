/** Lets random projects live, and judges what their builds do. */
import fc from 'fast-check';
import type { TestStore } from '../rig/index.ts';
import type { Builder } from './builder.ts';
import { Tally } from './life.ts';
import { property } from './property.ts';
import { report, settings } from './settings.ts';
import type { Trials } from './trials.ts';

export interface Lives {
  readonly store: TestStore;
  readonly trials: Trials;
  /** How many, unless the environment says otherwise. */
  readonly runs: number;
  /** Steps that a life has at least on the average. */
  readonly least: number;
  /** Whether as much of what the property is about has happened as so many lives should show. */
  readonly isShown?: (lives: number) => boolean;
}

/** Lives that may come on top of those that were asked for. */
const MOST_MORE = 10;

/** Throws what is wrong. Gives how many lives were asked for; undefined where one was repeated. */
export async function live(
  builder: Builder,
  { store, trials, runs, least, isShown = () => true }: Lives,
): Promise<number | undefined> {
  const tally = new Tally();
  const options = settings(runs);
  const lived = property(builder, store, trials, tally);
  await fc.assert(lived, options);
  // Lives are of any length: where a few are all short, or show too little, more are lived.
  const isEnough = () => tally.steps > options.numRuns * least && isShown(options.numRuns);
  for (let more = 1; !isEnough() && more <= MOST_MORE && !options.path; more++)
    await fc.assert(lived, { ...options, seed: options.seed + more, numRuns: 1 });
  report(tally, options, least);
  return options.path === undefined ? options.numRuns : undefined;
}

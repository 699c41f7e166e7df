/** Lets random projects live, and judges what their builds do. */
import fc from 'fast-check';
import type { TestStore } from '../rig/index.ts';
import type { Builder } from './builder.ts';
import { Tally } from './life.ts';
import { property } from './property.ts';
import { areMany, report, settings } from './settings.ts';
import type { Trials } from './trials.ts';

export interface Lives {
  readonly store: TestStore;
  readonly trials: Trials;
  /** How many, unless the environment says otherwise. */
  readonly runs: number;
  /** Steps that a life has at least on the average. */
  readonly least: number;
}

/** Throws what is wrong. Gives how many lives were asked for; undefined where one was repeated, or few were tried. */
export async function live(builder: Builder, { store, trials, runs, least }: Lives): Promise<number | undefined> {
  const tally = new Tally();
  const options = settings(runs);
  await fc.assert(property(builder, store, trials, tally), options);
  report(tally, options, least);
  return areMany(options) ? options.numRuns : undefined;
}

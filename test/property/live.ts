/** Lets random projects live, and judges what their builds do. */
import fc from 'fast-check';
import type { TestStore } from '../rig/index.ts';
import { lives, specs, type Trials } from './arbitrary.ts';
import type { Builder } from './builder.ts';
import { born, Life, Tally } from './life.ts';
import { report, settings } from './settings.ts';

export interface Lives {
  readonly store: TestStore;
  readonly trials: Trials;
  /** How many, unless the environment says otherwise. */
  readonly runs: number;
  /** Steps that a life has at least on the average. */
  readonly least: number;
}

/** Throws what is wrong. Gives how many lives were asked for; undefined where one was repeated. */
export async function live(builder: Builder, { store, trials, runs, least }: Lives): Promise<number | undefined> {
  const tally = new Tally();
  const options = settings(runs);
  await fc.assert(
    fc.asyncProperty(specs, lives(trials), async (spec, happenings) => {
      using life = new Life(builder, store, born(spec), tally);
      await life.through(happenings);
    }),
    options,
  );
  report(tally, options, least);
  return options.path === undefined ? options.numRuns : undefined;
}

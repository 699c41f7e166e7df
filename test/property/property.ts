/** The property: whatever happens to a random project, each of its builds is right. */
import fc from 'fast-check';
import type { TestStore } from '../rig/index.ts';
import { lives } from './arbitrary/lives.ts';
import { specs } from './arbitrary/projects.ts';
import type { Builder } from './builder.ts';
import { born, Life, type Tally } from './life.ts';
import type { Trials } from './trials.ts';

export function property(builder: Builder, store: TestStore, trials: Trials, tally: Tally) {
  return fc.asyncProperty(specs, lives(trials), async (spec, happenings) => {
    using life = new Life(builder, store, born(spec), tally);
    await life.through(happenings);
  });
}

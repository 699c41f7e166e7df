/** The engine is sound and minimal: random projects, edited and built at random, against an oracle. */
import fc from 'fast-check';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestStore } from '../rig/index.ts';
import { CHECKOUT } from '../rig/project.ts';
import { lives, specs } from './arbitrary.ts';
import { Engine } from './engine.ts';
import { born, Life, Tally } from './life.ts';
import { report, settings, TIMEOUT_MS } from './settings.ts';

const RUNS = 100;
const TRIALS = { length: 100, builds: 7, again: 1, disturbed: 2, withinMs: 40, damages: true };

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
  process.env['DSMB_DOWNLOADS'] = store.env['DSMB_DOWNLOADS'];
});
afterAll(() => store[Symbol.dispose]());

async function live(): Promise<void> {
  using engine = new Engine(store, join(CHECKOUT, 'test/rig/fixture/toolchain.lock.json'));
  const tally = new Tally();
  const options = settings(RUNS);
  await fc.assert(
    fc.asyncProperty(specs, lives(TRIALS), async (spec, happenings) => {
      using life = new Life(engine, store, born(spec), tally);
      await life.through(happenings);
    }),
    options,
  );
  report(tally, options, TRIALS);
}

it(
  'gives what the project says, and runs only what was never made',
  async () => {
    await live();
    for (const folder of ['sandboxes', 'incoming', 'present.v1']) expect(store.names(folder)).toEqual([]);
  },
  TIMEOUT_MS,
);

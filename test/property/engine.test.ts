/** The engine is sound and minimal: random projects, edited and built at random, against an oracle. */
import fc from 'fast-check';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestStore } from '../rig/index.ts';
import { CHECKOUT } from '../rig/project.ts';
import { lives, specs } from './arbitrary.ts';
import { Engine } from './engine.ts';
import { Life, type Tally } from './life.ts';
import type { Spec } from './model/spec.ts';
import { settings } from './settings.ts';

const RUNS = 60;
const LENGTH = 60;

let store: TestStore;
let engine: Engine;
let lived = 0;

beforeAll(() => {
  store = new TestStore();
  process.env['DSMB_DOWNLOADS'] = store.env['DSMB_DOWNLOADS'];
  engine = new Engine(store, join(CHECKOUT, 'test/rig/fixture/toolchain.lock.json'));
});
afterAll(() => {
  engine[Symbol.dispose]();
  store[Symbol.dispose]();
});

/** Sets each life apart from all others on the store, so that each begins with nothing built. */
function born(chosen: Omit<Spec, 'salt'>): Spec {
  const salt = `life${lived++}`;
  return { ...chosen, salt, parameter: `${salt} ${chosen.parameter}` };
}

it('gives what the project says, and runs only what was never made', async () => {
  const tally: Tally = { edits: 0, builds: 0, actions: 0 };
  const options = settings(RUNS);
  await fc.assert(
    fc.asyncProperty(specs, lives(LENGTH), async (spec, happenings) => {
      using life = new Life(engine, store, born(spec), tally);
      await life.through(happenings);
    }),
    options,
  );
  const { edits, builds, actions } = tally;
  console.log(
    `seed ${options.seed}: ${edits + builds} steps (${edits} edits, ${builds} builds; ${actions} actions ran)`,
  );
  if (options.path === undefined) expect(edits + builds).toBeGreaterThan(options.numRuns! * LENGTH * 0.5);
  expect(store.names('incoming')).toEqual([]);
  expect(store.names('sandboxes')).toEqual([]);
});

/** The engine is sound and minimal: random projects, edited and built at random, against an oracle. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examples } from '../rig/campaign.ts';
import { TestStore } from '../rig/index.ts';
import { CHECKOUT } from '../rig/project.ts';
import { Engine } from './engine.ts';
import { live } from './live.ts';
import { TIMEOUT_MS } from './settings.ts';
import { IN_PROCESS } from './trials.ts';

const RUNS = examples(80);

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
  process.env['DSMB_DOWNLOADS'] = store.env['DSMB_DOWNLOADS'];
});
afterAll(() => store[Symbol.dispose]());

it(
  'gives what the project says, and runs only what was never made',
  async () => {
    {
      using engine = new Engine(store, join(CHECKOUT, 'test/rig/fixture/toolchain.lock.json'));
      await live(engine, { store, trials: IN_PROCESS, runs: RUNS, least: 20 });
    }
    for (const folder of ['sandboxes', 'incoming', 'present.v1']) expect(store.names(folder)).toEqual([]);
  },
  TIMEOUT_MS,
);

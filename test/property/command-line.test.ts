/** The command line is sound and minimal, also beside itself, and whatever of it is killed at whatever moment. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examples } from '../rig/campaign.ts';
import { Project, TestStore } from '../rig/index.ts';
import { CommandLine } from './command-line.ts';
import { live } from './live.ts';
import { TIMEOUT_MS } from './settings.ts';
import { COMMAND_LINE, INCREMENTAL } from './trials.ts';

const RUNS = examples(6);

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

it(
  'gives what the project says, runs only what was never made, and goes on from what was finished',
  async () => {
    await live(new CommandLine(store), { store, trials: COMMAND_LINE, runs: RUNS, least: 4 });
    using project = new Project(store, { 'build.dsm.ts': '' });
    expect((await project.run(['fsck'])).stdout).toMatch(/the store is sound/);
  },
  TIMEOUT_MS,
);

it(
  'does so where each build goes on from the last one',
  async () => {
    const builder = new CommandLine(store, { events: true });
    const isShown = (lives: number) => builder.resumed > lives;
    const asked = await live(builder, { store, trials: INCREMENTAL, runs: RUNS, least: 4, isShown });
    console.log(`${builder.resumed} builds went on from the last one`);
    expect(builder.resumed).toBeGreaterThan(asked ?? -1);
  },
  TIMEOUT_MS,
);

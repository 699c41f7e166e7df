/** Lets random projects live until they have seen many edits, and counts the builds that were wrong. */
import fc from 'fast-check';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TestStore } from '../test/rig/index.ts';
import { prepareStore } from '../test/rig/prepared.ts';
import type { Builder } from '../test/property/builder.ts';
import { CommandLine } from '../test/property/command-line.ts';
import { Engine } from '../test/property/engine.ts';
import { Fault } from '../test/property/fault.ts';
import { Tally } from '../test/property/life.ts';
import { property } from '../test/property/property.ts';
import { COMMAND_LINE, INCREMENTAL, IN_PROCESS, type Trials } from '../test/property/trials.ts';
import { seconds, table } from './timing.ts';

const HELP = `Usage: node bench/edits.ts [--in-process N] [--command-line N] [--seed N]

Random projects are edited, built, killed and damaged at random, in a store that is removed in the end; an oracle that
knows no cache says what each build must give, and which actions may run. Prints what was wrong, and how often.

  --in-process N    so many edits with the engine in this process (10000)
  --command-line N  so many with the command line, half of them with requests that are repeated (1000)
  --seed N          repeats a run; each project has a seed of its own, which is counted up from this one
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const KINDS = ['needless action', 'wrong output', 'wrong course'] as const satisfies Fault['kind'][];

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    'in-process': { type: 'string', default: '10000' },
    'command-line': { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});

/** Lives of one kind. */
interface Series {
  readonly name: string;
  readonly test: string;
  readonly edits: number;
  readonly trials: Trials;
}

if (values.help) process.stdout.write(HELP);
else await main(Number(values.seed));

async function main(seed: number): Promise<void> {
  await prepareStore();
  process.stdout.write(`seed ${seed}\n`);
  const inProcess = Number(values['in-process']);
  const half = Number(values['command-line']) / 2;
  const rows = [
    await inStore((store) => {
      process.env['DSMB_DOWNLOADS'] = store.env['DSMB_DOWNLOADS'];
      const engine = new Engine(store, join(ROOT, 'test/rig/fixture/toolchain.lock.json'));
      const series = { name: 'in-process', test: 'engine', edits: inProcess, trials: IN_PROCESS };
      return live(engine, store, series, seed).finally(() => engine[Symbol.dispose]());
    }),
    await inStore((store) => {
      const series = { name: 'command line', test: 'command-line', edits: half, trials: COMMAND_LINE };
      return live(new CommandLine(store), store, series, seed);
    }),
    await inStore((store) => {
      const series = { name: 'the same again', test: 'incremental', edits: half, trials: INCREMENTAL };
      return live(new CommandLine(store, { events: true }), store, series, seed);
    }),
  ];
  const head = ['', 'projects', 'edits', 'builds', 'ended', 'actions', 'time', ...KINDS];
  process.stdout.write(`\n${table(head, rows)}\n`);
}

async function inStore<T>(use: (store: TestStore) => Promise<T>): Promise<T> {
  using store = new TestStore();
  return await use(store);
}

/** One project after the other. */
async function live(builder: Builder, store: TestStore, series: Series, seed: number): Promise<string[]> {
  const { name, test, edits, trials } = series;
  const tally = new Tally();
  const faults = new Map<string, number>(KINDS.map((kind) => [kind, 0]));
  const start = performance.now();
  let projects = 0;
  for (; tally.edits < edits; projects++) {
    const lived = property(builder, store, trials, tally);
    const { errorInstance: error, counterexamplePath: path } = await fc.check(lived, {
      seed: seed + projects,
      numRuns: 1,
      endOnFailure: true,
    });
    process.stdout.write(`  ${name}: ${projects + 1} projects, ${String(tally)}\n`);
    if (!error) continue;
    const kind = error instanceof Fault ? error.kind : 'wrong course';
    faults.set(kind, faults.get(kind)! + 1);
    const again = `DSMB_PROPERTY_SEED=${seed + projects}:${path} npm test -- --project property ${test}`;
    process.stdout.write(`${(error as Error).message}\n  ${again}\n`);
  }
  const { builds, ended, actions } = tally;
  const counts = [projects, tally.edits, builds, ended, actions].map(String);
  return [name, ...counts, seconds(performance.now() - start), ...[...faults.values()].map(String)];
}

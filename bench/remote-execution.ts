/** Measures what an action costs on a worker, beside the same action here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeDsmb, writeSources } from './action-graph.ts';
import { runMeasured } from './measured.ts';
import { median, seconds, table } from './timing.ts';

const HELP = `Usage: node bench/remote-execution.ts URL [--actions N] [--runs N]

Builds independent actions that were never built before, each a copy of a small file: here, and on the workers of the
server at URL, one at a time and 16 at a time. First, one action is run there that brings the toolchain.

  --actions N  20 by default
  --runs N     measurements of each, in turn, 3 by default; the median counts
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', default: false },
    actions: { type: 'string', default: '20' },
    runs: { type: 'string', default: '3' },
  },
});
const [url] = positionals;
const ACTIONS = Number(values.actions);
const RUNS = Number(values.runs);
const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

if (values.help || url === undefined) process.stdout.write(HELP);
else await main(mkdtempSync(join(tmpdir(), 'dsmb-remote-execution-')), url);

async function main(work: string, server: string): Promise<void> {
  const remote = ['--remote-executor', server];
  const ways: Readonly<Record<string, readonly string[]>> = {
    'here, one at a time': ['--jobs', '1'],
    'here, as many as the machine carries': [],
    'on workers, one at a time': [...remote, '--remote-jobs', '1'],
    'on workers, 16 at a time': remote,
  };
  try {
    const cold = await build(work, 1, remote);
    await build(work, 1, []);
    // A build that has one action runs all that a build of many does but for the others.
    const alone = await build(work, 1, remote);
    const rows = Object.entries(ways).map(([name, options]) => ({ name, options, ms: [] as number[] }));
    for (let run = 0; run < RUNS; run++)
      for (const { options, ms } of rows) ms.push(await build(work, ACTIONS, options));
    const cells = rows.map(({ name, ms }) => [name, seconds(median(ms)), `${(median(ms) / ACTIONS).toFixed(0)} ms`]);
    process.stdout.write(`${table([`${ACTIONS} actions`, 'the command', 'an action'], cells)}\n`);
    process.stdout.write(`one action on a worker: ${seconds(cold)} with its toolchain, ${seconds(alone)} without\n`);
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Gives what the whole command takes, in milliseconds. */
async function build(work: string, count: number, options: readonly string[]): Promise<number> {
  const cwd = join(work, 'project');
  writeSources(cwd, count);
  writeDsmb(cwd, count, ROOT);
  const env = { ...process.env, DSMB_STORE: join(work, 'store') };
  const { ms } = await runMeasured([join(ROOT, 'dsmb'), 'build', '//all', ...options], { cwd, env });
  return ms;
}

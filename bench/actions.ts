/** Measures what an action costs: many trivial ones in an empty cache, sandboxed and not, beside ninja and Bazel. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeBazel, writeDsmb, writeNinja, writeSources } from './action-graph.ts';
import { runMeasured, type Measured } from './measured.ts';
import { isInstalled, mebibytes, median, seconds, table } from './timing.ts';

const HELP = `Usage: node bench/actions.ts [--actions N] [--runs N]

Builds a graph of N independent actions, each a copy of a small file, none of which was ever built before, with dsmb in
its sandbox and without, with ninja, with Bazel in its sandbox and without, and starts N processes from one that does
nothing else. Toolchains are unpacked and Bazel's server runs before anything is measured.

  --actions N  1000 by default
  --runs N     measurements of each, in turn, 3 by default; the median counts

ninja and Bazel are those of Debian: apt-get install ninja-build bazel-bootstrap
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    actions: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '3' },
  },
});
const ACTIONS = Number(values.actions);
const RUNS = Number(values.runs);
const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** One way to build the graph. */
interface Builder {
  readonly name: string;
  /** A program that must be installed. */
  readonly program?: 'ninja' | 'bazel';
  /** Writes what it reads beside the sources. */
  readonly prepare?: (folder: string, count: number, checkout: string) => void;
  readonly command: readonly string[];
}

const BUILDERS: readonly Builder[] = [
  { name: 'a process each', command: [process.execPath, join(ROOT, 'bench/spawn-each.ts')] },
  { name: 'ninja', program: 'ninja', prepare: writeNinja, command: ['ninja', '--quiet', '-j', '2'] },
  { name: 'dsmb --unsandboxed', prepare: writeDsmb, command: dsmb('--unsandboxed') },
  { name: 'dsmb', prepare: writeDsmb, command: dsmb() },
  { name: 'Bazel, local', program: 'bazel', prepare: writeBazel, command: bazel('local') },
  { name: 'Bazel, sandboxed', program: 'bazel', prepare: writeBazel, command: bazel('linux-sandbox') },
];

if (values.help) process.stdout.write(HELP);
else await main(mkdtempSync(join(tmpdir(), 'dsmb-actions-')));

async function main(work: string): Promise<void> {
  const builders = BUILDERS.filter(isThere);
  try {
    // Toolchains are unpacked, servers start, compiled code is kept.
    for (const builder of builders) await measure(builder, work, 2);
    const results = new Map(builders.map(({ name }) => [name, [] as Measured[]]));
    for (let run = 0; run < RUNS; run++)
      for (const builder of builders) results.get(builder.name)!.push(await measure(builder, work, ACTIONS));
    report(results);
  } finally {
    for (const builder of builders) if (builder.program === 'bazel') stopServer(folderOf(builder, work));
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

function isThere({ name, program }: Builder): boolean {
  if (program === undefined || isInstalled(program)) return true;
  say(`SKIPPED ${name}: ${program} is not installed (apt-get install ninja-build bazel-bootstrap)`);
  return false;
}

async function measure(builder: Builder, work: string, count: number): Promise<Measured> {
  const cwd = folderOf(builder, work);
  writeSources(cwd, count);
  builder.prepare?.(cwd, count, ROOT);
  const server = builder.program === 'bazel' ? { server: serverOf(cwd) } : {};
  const env = { ...process.env, DSMB_STORE: join(work, 'store') };
  const measured = await runMeasured(builder.command, { cwd, env, ...server });
  say(`  ${builder.name}, ${count} actions: ${seconds(measured.ms)}, ${mebibytes(measured.peakBytes)}`);
  return measured;
}

function report(results: ReadonlyMap<string, readonly Measured[]>): void {
  const ms = (name: string) => median((results.get(name) ?? []).map((one) => one.ms));
  const ratio = (of: string, to: string) => (results.has(to) ? `${(ms(of) / ms(to)).toFixed(2)} ×` : '');
  const rows = [...results].map(([name, runs]) => [
    name,
    seconds(ms(name)),
    `${(ms(name) / ACTIONS).toFixed(2)} ms`,
    ratio(name, 'ninja'),
    ratio(name, 'Bazel, sandboxed'),
    mebibytes(Math.max(...runs.map(({ peakBytes }) => peakBytes))),
  ]);
  const title = `${ACTIONS} actions that were never built, two at a time`;
  say(`\n${table([title, 'median', 'an action', '÷ ninja', '÷ Bazel, sandboxed', 'largest process'], rows)}`);
}

function dsmb(...options: string[]): string[] {
  return [join(ROOT, 'dsmb'), 'build', '//all', ...options];
}

function bazel(strategy: string): string[] {
  return ['bazel', 'build', '//:all', `--spawn_strategy=${strategy}`, '--jobs=2'];
}

/** Bazel's server, started where it does not run. */
function serverOf(cwd: string): number {
  return Number(
    execFileSync('bazel', ['info', 'server_pid'], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}

function stopServer(cwd: string): void {
  if (existsSync(cwd)) execFileSync('bazel', ['shutdown'], { cwd, stdio: 'ignore' });
}

function folderOf({ name }: Builder, work: string): string {
  return join(work, name.replaceAll(/\W+/g, '-'));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Measures builds with nothing to do and after a change of one source, on generated graphs, beside other build tools. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Measured } from './graph/measure.ts';
import { nx, turbo, wireit } from './graph/npm-tools.ts';
import { graphOf, SHAPES, type Shape } from './graph/shapes.ts';
import type { Tool } from './graph/tool.ts';
import { bazel, dsmb, make, ninja } from './graph/tools.ts';
import { isInstalled, mebibytes, median, seconds, table, timeProgram } from './timing.ts';

const TOOLS: readonly Tool[] = [dsmb, ninja, make, bazel, turbo, nx, wireit];

const HELP = `Usage: node bench/graph.ts [--sizes N,N] [--shapes NAME,NAME] [--tools NAME,NAME] [--runs N] [--deadline S]

Generates graphs in which each action makes the checksum of a small file and of what the actions below it made, and lets
several tools build them: first all, then nothing (the median of several), then what a change of one source makes stale.

  --sizes N,N    numbers of actions, 1000,10000 by default
  --shapes NAME  of wide, layered, chain; all by default
  --tools NAME   of ${TOOLS.map(({ name }) => name).join(', ')}; all by default, but some only for up to 1000 actions
  --runs N       measurements of each, 5 by default; the median counts
  --deadline S   seconds that one build may take, 900 by default

turbo, nx and wireit are fetched from npm into a temporary folder; ninja, make and Bazel are those of the machine. Debian
packages for dsmb's sandbox are fetched, too, unless DSMB_DOWNLOADS has them. The first builds of 10,000 actions take
some minutes each.
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    sizes: { type: 'string', default: '1000,10000' },
    shapes: { type: 'string', default: SHAPES.join(',') },
    tools: { type: 'string' },
    runs: { type: 'string', default: '5' },
    deadline: { type: 'string', default: '900' },
  },
});

if (values.help) process.stdout.write(HELP);
else main();

function main(): void {
  const empty = Array.from({ length: Number(values.runs) }, () => timeProgram([process.execPath, '-e', '0']));
  say(`an empty Node: ${milliseconds(median(empty))}`);
  for (const size of values.sizes.split(',').map(Number))
    for (const shape of SHAPES.filter((one) => values.shapes.split(',').includes(one))) compare(shape, size);
}

/** All tools on one graph, and their table. */
function compare(shape: Shape, size: number): void {
  const graph = graphOf(shape, size);
  const results = new Map<Tool, Measured>();
  say(`\n${shape}, ${size} actions; a changed source makes ${graph.cone} stale`);
  for (const tool of TOOLS) {
    const result = why(tool, size) ?? attempt(tool, shape, size);
    if (typeof result === 'string') say(`  skipped ${tool.name}: ${result}`);
    else results.set(tool, result);
  }
  const ours = results.get(dsmb);
  const rows = [...results].map(([tool, { first, nothing, leaf, peak }]) => [
    tool.name,
    milliseconds(nothing),
    ours ? ratio(nothing, ours.nothing) : '',
    milliseconds(leaf),
    ours ? ratio(leaf, ours.leaf) : '',
    peak === undefined ? '–' : mebibytes(peak),
    seconds(first),
  ]);
  const head = [
    `${shape}, ${size}`,
    'nothing to do',
    '÷ dsmb',
    'one source',
    '÷ dsmb',
    'largest process',
    'first build',
  ];
  say(`\n${table(head, rows)}`);
}

/** Why a tool is left out, if it is. */
function why({ name, needs, most }: Tool, size: number): string | undefined {
  if (values.tools && !values.tools.split(',').includes(name)) return 'not asked for';
  if (needs && !isInstalled(needs.program)) return `it is not installed (${needs.hint})`;
  if (size > most && !values.tools)
    return `more than ${most} actions take it very long; --tools ${name} does it all the same`;
  return undefined;
}

function attempt(tool: Tool, shape: Shape, size: number): Measured | string {
  const work = mkdtempSync(join(tmpdir(), 'dsmb-graph-'));
  try {
    const options = { work, runs: Number(values.runs), deadlineMs: Number(values.deadline) * 1000 };
    const measured = measure(tool, graphOf(shape, size), options);
    say(`  ${tool.name}: ${seconds(measured.first)}, then ${milliseconds(measured.nothing)}`);
    return measured;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

function ratio(of: number, to: number): string {
  return `${(of / to).toFixed(2)} ×`;
}

function milliseconds(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(ms < 100 ? 1 : 0)} ms` : seconds(ms);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One tool on one graph: the first build, builds with nothing to do, builds after one source has changed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled, median, timed } from '../timing.ts';
import type { Graph } from './shapes.ts';
import { writeSource, type Tool } from './tool.ts';

export interface Measured {
  readonly first: number;
  readonly nothing: number;
  readonly leaf: number;
  /** Largest resident size of one process of a build with nothing to do, in bytes; undefined without GNU time. */
  readonly peak: number | undefined;
}

export interface Measure {
  readonly work: string;
  readonly runs: number;
  readonly deadlineMs: number;
}

/** dsmb and git alike: what was written a moment ago is not trusted yet, so that the first ones are no measure. */
const WARM_UPS = 3;

/** Fails with the tool's own output where it cannot do it. */
export function measure(tool: Tool, graph: Graph, { work, runs, deadlineMs }: Measure): Measured {
  const folder = join(work, 'graph');
  mkdirSync(folder, { recursive: true });
  tool.write(folder, graph);
  for (const action of graph.below.keys()) writeSource(tool, folder, action);
  if (tool.packages) symlinkSync(install(tool.packages, work, deadlineMs), join(folder, 'node_modules'));
  const build = (): Run => run(tool.command, { tool, folder, work, deadlineMs });
  try {
    const first = build().ms;
    for (let i = 0; i < WARM_UPS; i++) build();
    const nothing = Array.from({ length: runs }, build);
    const leaf = Array.from({ length: runs }, () => {
      writeSource(tool, folder, graph.leaf);
      return build().ms;
    });
    const peaks = nothing.flatMap(({ peak }) => peak ?? []);
    const peak = peaks.length > 0 ? Math.max(...peaks) : undefined;
    return { first, nothing: median(nothing.map(({ ms }) => ms)), leaf: median(leaf), peak };
  } finally {
    if (tool.stop) run(tool.stop, { tool, folder, work, deadlineMs });
  }
}

/** Installs packages beside the graph and gives their node_modules. */
function install(packages: Readonly<Record<string, string>>, work: string, deadlineMs: number): string {
  const folder = join(work, 'npm');
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  mkdirSync(folder);
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--prefer-offline', ...wanted];
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8', timeout: deadlineMs });
  if (status !== 0) throw new Error(`npm install ${wanted.join(' ')} failed: ${lastLine(stderr)}`);
  return join(folder, 'node_modules');
}

interface Run {
  readonly ms: number;
  readonly peak: number | undefined;
}

interface RunOptions {
  readonly tool: Tool;
  readonly folder: string;
  readonly work: string;
  readonly deadlineMs: number;
}

const GNU_TIME = '/usr/bin/time';

function run(command: readonly string[], { tool, folder, work, deadlineMs }: RunOptions): Run {
  const peakFile = join(work, 'peak');
  const withTime = isInstalled('time');
  const [program = '', ...args] = withTime ? [GNU_TIME, '-f', '%M', '-o', peakFile, ...command] : command;
  // A home of its own: no tool finds or leaves anything in the user's.
  const env = { ...process.env, HOME: work, DSMB_STORE: join(work, 'store'), NO_COLOR: '1', ...tool.env };
  const options = { cwd: folder, env, encoding: 'utf8', timeout: deadlineMs, maxBuffer: 2 ** 28 } as const;
  const { ms, value } = timed(() => spawnSync(program, args, options));
  if (value.error) throw new Error(`${command.join(' ')}: ${value.error.message}`);
  if (value.status !== 0)
    throw new Error(`${command.join(' ')} ended with ${value.status}: ${lastLine(value.stderr || value.stdout)}`);
  return { ms, peak: withTime ? Number(readFileSync(peakFile, 'utf8')) * 1024 : undefined };
}

function lastLine(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ').slice(-300);
}

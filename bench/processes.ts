/** The largest resident memory and the most open files of a command's processes, read from /proc while it runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

export interface Usage {
  /** Bytes, of one process. */
  readonly resident: number;
  readonly openFiles: number;
}

/** Which part of dsmb a process is. */
export type Part = 'builder' | 'spawner' | 'step' | 'other';

export interface Watched {
  readonly ms: number;
  readonly usage: ReadonlyMap<Part, Usage>;
  readonly output: string;
}

const INTERVAL_MS = 50;

/** Runs a command to its end, and fails with its output where it fails. */
export async function watchProcesses(argv: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Watched> {
  const [program = '', ...args] = argv;
  const start = performance.now();
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const closed = once(child, 'close') as Promise<[status: number | null]>;
  const usage = new Map<Part, Usage>();
  while (child.exitCode === null && child.signalCode === null) {
    for (const pid of descendants(child.pid ?? 0)) look(pid, usage);
    await Promise.race([closed, setTimeout(INTERVAL_MS)]);
  }
  const [status] = await closed;
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${output}`);
  return { ms: performance.now() - start, usage, output };
}

function look(pid: number, usage: Map<Part, Usage>): void {
  try {
    const part = partOf(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'));
    const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    const files = readdirSync(`/proc/${pid}/fd`).length;
    const { resident = 0, openFiles = 0 } = usage.get(part) ?? {};
    usage.set(part, { resident: Math.max(resident, peak), openFiles: Math.max(openFiles, files) });
  } catch {
    // It has ended meanwhile.
  }
}

function partOf(cmdline: readonly string[]): Part {
  if (cmdline[0]?.endsWith('bwrap') === true) return 'other';
  if (cmdline.some((one) => one.endsWith('src/cli/main.ts'))) return 'builder';
  if (cmdline.some((one) => one.endsWith('spawner-main.ts'))) return 'spawner';
  return cmdline.includes('/dsmb/step.mjs') ? 'step' : 'other';
}

/** A process and all below it. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentOf(pid) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(root);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

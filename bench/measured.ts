/** Runs a program and notes how long it takes, and the largest memory of any process that it consists of. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Measured {
  readonly ms: number;
  /** Largest resident size of one process, in bytes: the program, its helpers, what it runs. */
  readonly peakBytes: number;
}

const SAMPLE_MS = 50;

/** Runs a program to its end, and fails with its output where it fails. `server` is one more process that works for it. */
export async function runMeasured(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly server?: number },
): Promise<Measured> {
  const { cwd, env = process.env, server } = options;
  const [program = '', ...args] = argv;
  const start = performance.now();
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  let peakBytes = 0;
  const sample = (): void => {
    const roots = [child.pid, server].filter((pid) => pid !== undefined);
    for (const pid of roots) peakBytes = Math.max(peakBytes, peakOf(pid));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${said}`);
  return { ms: performance.now() - start, peakBytes };
}

/** The kernel's own mark of the largest resident size, of a process and its children: of those that still run. */
function peakOf(pid: number): number {
  const [, kibibytes = '0'] = /^VmHWM:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`)) ?? [];
  return Math.max(Number(kibibytes) * 1024, ...childrenOf(pid).map(peakOf));
}

function childrenOf(pid: number): number[] {
  const threads = listIfThere(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readIfThere(`/proc/${pid}/task/${thread}/children`));
  return lists
    .flatMap((list) => list.split(' '))
    .filter((text) => text.trim() !== '')
    .map(Number);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function listIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

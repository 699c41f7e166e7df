/**
 * The first process of a sandbox. When it is gone, the kernel has ended every other process of its namespace: so the end
 * of an action is seen from outside, and nothing that runs inside can put it off.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDescendants } from './usage.ts';

/** A process that is the first one of a namespace of processes. Together they are its identity: numbers are used again. */
interface FirstProcess {
  readonly pid: number;
  /** What `/proc/PID/ns/pid` leads to. */
  readonly namespace: string;
}

const LOOK_AGAIN_MS = 1;
/** A process that waits for a device cannot be ended before the device has answered. */
const DEADLINE_MS = 30_000;

/** The error where a sandbox does not end. */
export const SANDBOX_RUNS_ON = 'a process of its sandbox runs on and cannot be ended';

/**
 * Ends what is left in a sandbox whose bubblewrap has ended, by the file in which bubblewrap said what it had started.
 * False when something may still run.
 */
export async function endSandbox(statusFile: string): Promise<boolean> {
  try {
    const first = firstProcess(readFileSync(statusFile, 'utf8'));
    return first === undefined || (await endNamespace(first));
  } catch {
    return false;
  }
}

/** Sends Ctrl-C to all that runs in a sandbox. */
export function interruptSandbox(statusFile: string): void {
  const first = firstProcess(readFileSync(statusFile, 'utf8'));
  if (!first || namespaceOf(first.pid) !== first.namespace) return;
  for (const pid of withDescendants(first.pid)) if (pid !== first.pid) send(pid, 'SIGINT');
}

/** The first process, out of what bubblewrap says with `--json-status-fd`; undefined when it has started none. */
function firstProcess(status: string): FirstProcess | undefined {
  const [line] = status.split('\n', 1);
  if (!line) return undefined;
  const { 'child-pid': pid, 'pid-namespace': namespace } = JSON.parse(line) as Record<string, number>;
  return pid === undefined ? undefined : { pid, namespace: `pid:[${namespace}]` };
}

/** Kills the first process and waits until it is gone, and all others with it. False when that takes too long. */
async function endNamespace(first: FirstProcess): Promise<boolean> {
  for (const end = performance.now() + DEADLINE_MS; performance.now() < end; await sleep(LOOK_AGAIN_MS)) {
    if (isGone(first)) return true;
    // Where it cannot be told whose number it is, nothing is killed.
    if (namespaceOf(first.pid) === first.namespace) send(first.pid, 'SIGKILL');
  }
  return false;
}

function isGone({ pid, namespace }: FirstProcess): boolean {
  const itsNamespace = namespaceOf(pid);
  if (itsNamespace !== undefined && itsNamespace !== namespace) return true;
  return !send(pid, 0) || isOver(pid);
}

/** Undefined where there is no such process, or where it hides. */
function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Whether the user has a process with this number. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** It has ended, with each of its threads; nobody has asked for its exit code yet. */
function isOver(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /\) [ZX] [^)]*$/.test(stat) && readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

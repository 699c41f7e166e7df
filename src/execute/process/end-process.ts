/** Ends a process together with its children, also one that is just being started. */
import { readdirSync, readFileSync } from 'node:fs';

const STOP_MS = 1000;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Kills a process and its children. bubblewrap's child asks to die with its parent only after it has been set up: a
 * parent that is killed before would leave it behind. A stopped parent starts no more children, so none is missed.
 */
export function endProcess(pid: number): void {
  if (!send(pid, 'SIGSTOP')) return;
  for (let waited = 0; waited < STOP_MS && mayStartChildren(pid); waited++) Atomics.wait(pause, 0, 0, 1);
  for (const child of childrenOf(pid)) send(child, 'SIGKILL');
  send(pid, 'SIGKILL');
}

/** A stop takes effect when the process leaves the kernel: a child may come into being until then. */
function mayStartChildren(pid: number): boolean {
  // The state stands behind the name, which is in parentheses and may hold any character.
  const state = /\) (\S)[^)]*$/.exec(readIfThere(`/proc/${pid}/stat`))?.[1];
  return state !== undefined && !'TtZX'.includes(state);
}

function childrenOf(pid: number): number[] {
  const pids = readIfThere(`/proc/${pid}/task/${pid}/children`).split(' ');
  return pids.filter((text) => text.trim() !== '').map(Number);
}

/**
 * Kills what a process that was killed by somebody else has left behind: a child that had not yet asked to die with it
 * runs on under the same command line, which must be unique to the process.
 */
export function endOrphans(argv: readonly string[]): void {
  const commandLine = `${argv.join('\0')}\0`;
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name) && readIfThere(`/proc/${name}/cmdline`) === commandLine) send(Number(name), 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

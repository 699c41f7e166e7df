/** Names for processes that stay right when a process id is used again, and across containers and machines. */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** The field of /proc/<pid>/stat, counted from the one after the program's name: clock ticks since boot. */
const START_TIME_FIELD = 19;

/** Whether the process that a token names still runs; `unknown` when it is of another container, boot or machine. */
export type Liveness = 'alive' | 'dead' | 'unknown';

let own: string | undefined;

/** The token of this process: `<pid>-<start time>-<place>`, all of it safe in file names. */
export function processToken(): string {
  own ??= [process.pid, startTime(process.pid) ?? 0, place()].join('-');
  return own;
}

/** What became of the process that made a name which begins with its token. */
export function livenessOf(name: string): Liveness {
  const [, pid, started, where] = /^(\d+)-(\d+)-([0-9a-f]{8})/.exec(name) ?? [];
  if (where === undefined || where !== place()) return 'unknown';
  return startTime(Number(pid)) === Number(started) ? 'alive' : 'dead';
}

/** Process ids mean something only within one boot of one machine and one process namespace. */
function place(): string {
  const boot = readOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = readOr('', () => readlinkSync('/proc/self/ns/pid'));
  return createHash('sha256').update(`${boot} ${namespace}`).digest('hex').slice(0, 8);
}

/** A zombie does nothing any more: it counts as gone. */
function startTime(pid: number): number | undefined {
  const stat = readOr('', () => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === '' || state === 'Z' || state === 'X' ? undefined : Number(fields[START_TIME_FIELD - 1]);
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

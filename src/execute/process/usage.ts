/** What a process takes together with its descendants, looked at now and then while it runs. */
import { readdirSync, readFileSync } from 'node:fs';

/** What was seen of a process. */
export interface Usage {
  /** Processors that were kept busy, on average. */
  readonly cpus: number;
  /** The most memory of its own that it held: without files that the kernel can drop. */
  readonly memoryMiB: number;
}

/** The first look; the time between looks doubles up to the longest. Shorter runs are not looked at: they cost nothing. */
const FIRST_LOOK_MS = 250;
const LONGEST_PAUSE_MS = 1000;
/** The unit of times in /proc, the same on every Linux for x86-64 and ARM. */
const TICKS_PER_SECOND = 100;

/** What a process takes at one moment, together with its descendants. */
export interface Taken {
  readonly memoryMiB: number;
  /** With their threads. */
  readonly processes: number;
}

/** Looks at a process until told that it has ended. */
export class UsageMeter {
  readonly #pid: number;
  readonly #onLook: (taken: Taken) => void;
  readonly #start = performance.now();
  #timer: NodeJS.Timeout;
  #seen: Usage | undefined;

  /** `onLook` is told what is taken just then. */
  constructor(pid: number, onLook: (taken: Taken) => void = () => {}) {
    this.#pid = pid;
    this.#onLook = onLook;
    this.#timer = this.#lookIn(FIRST_LOOK_MS);
  }

  /** Undefined when it was too short. */
  end(): Usage | undefined {
    clearTimeout(this.#timer);
    return this.#seen;
  }

  #lookIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = this.#lookIn(Math.min(2 * ms, LONGEST_PAUSE_MS));
      this.#look();
    }, ms).unref();
  }

  #look(): void {
    let [ticks, mostKiB, nowKiB, processes] = [0, 0, 0, 0];
    for (const pid of withDescendants(this.#pid)) {
      const status = readIfThere(`/proc/${pid}/status`);
      ticks += ticksOf(pid);
      mostKiB += Math.max(0, numberIn(status, 'VmHWM') - numberIn(status, 'RssFile'));
      nowKiB += numberIn(status, 'RssAnon') + numberIn(status, 'RssShmem') + numberIn(status, 'VmSwap');
      processes += numberIn(status, 'Threads');
    }
    const seconds = (performance.now() - this.#start) / 1000;
    const memoryMiB = Math.max(this.#seen?.memoryMiB ?? 0, mostKiB / 1024);
    if (ticks > 0 || mostKiB > 0) this.#seen = { cpus: ticks / TICKS_PER_SECOND / seconds, memoryMiB };
    this.#onLook({ memoryMiB: nowKiB / 1024, processes });
  }
}

/** A process and all that it has started, as far as it still runs. */
export function* withDescendants(pid: number): Generator<number> {
  for (const waiting = [pid]; waiting.length > 0;) {
    const next = waiting.pop()!;
    yield next;
    for (const thread of namesIn(`/proc/${next}/task`))
      for (const child of readIfThere(`/proc/${next}/task/${thread}/children`).split(' '))
        if (child !== '') waiting.push(Number(child));
  }
}

/** Its own time, and that of children that have ended: fields 14 to 17 of `stat`, see proc(5). */
function ticksOf(pid: number): number {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The name, which may hold anything, ends with the last parenthesis; what follows is field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + (Number(field) || 0), 0);
}

/** A field of `status`; sizes are in KiB. */
function numberIn(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

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
const LONGEST_PAUSE_MS = 4000;
/** The unit of times in /proc, the same on every Linux for x86-64 and ARM. */
const TICKS_PER_SECOND = 100;

/** Looks at a process until told that it has ended. */
export class UsageMeter {
  readonly #pid: number;
  readonly #start = performance.now();
  #timer: NodeJS.Timeout;
  #seen: Usage | undefined;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = this.#lookIn(FIRST_LOOK_MS);
  }

  /** Undefined when it was too short. */
  end(): Usage | undefined {
    clearTimeout(this.#timer);
    return this.#seen;
  }

  #lookIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#look();
      this.#timer = this.#lookIn(Math.min(2 * ms, LONGEST_PAUSE_MS));
    }, ms).unref();
  }

  #look(): void {
    let [ticks, memoryKiB] = [0, 0];
    for (const pid of withDescendants(this.#pid)) {
      ticks += ticksOf(pid);
      memoryKiB += memoryOf(pid);
    }
    const seconds = (performance.now() - this.#start) / 1000;
    const memoryMiB = Math.max(this.#seen?.memoryMiB ?? 0, memoryKiB / 1024);
    if (ticks > 0 || memoryKiB > 0) this.#seen = { cpus: ticks / TICKS_PER_SECOND / seconds, memoryMiB };
  }
}

/** A process and all that it has started, as far as it still runs. */
export function* withDescendants(pid: number): Generator<number> {
  yield pid;
  for (const thread of namesIn(`/proc/${pid}/task`))
    for (const child of readIfThere(`/proc/${pid}/task/${thread}/children`).split(' '))
      if (child !== '') yield* withDescendants(Number(child));
}

/** Its own time, and that of children that have ended: fields 14 to 17 of `stat`, see proc(5). */
function ticksOf(pid: number): number {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The name, which may hold anything, ends with the last parenthesis; what follows is field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + (Number(field) || 0), 0);
}

/** In KiB: the most that it ever had, less the pages of files that it has now. */
function memoryOf(pid: number): number {
  const status = readIfThere(`/proc/${pid}/status`);
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return Math.max(0, field('VmHWM') - field('RssFile'));
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

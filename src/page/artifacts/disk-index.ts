/** What each place of a disk is used for, found out once for each disk, a little at a time. */
import { setImmediate } from 'node:timers/promises';
import { diskUses, UseMap, type BlockSource } from '../../disk/index.ts';
import { printable } from '../../report/printable.ts';

/** How long others wait at most: a build goes on beside it. */
const TURN_MS = 10;
const KEPT = 4;
const MOST_PROBLEMS = 20;
/** Files and stretches that are met; a disk of 20 GiB has a tenth of them. */
const MOST_STEPS = 10_000_000;

/** The uses of a disk, and what of it cannot be read. */
export interface DiskIndex {
  readonly uses: UseMap;
  readonly problems: readonly string[];
}

/** The last few disks, by their digests. What is not done when this is disposed of fails. */
export class DiskIndexes implements Disposable {
  readonly #known = new Map<string, Promise<DiskIndex>>();
  readonly #ended = new AbortController();

  of(hash: string, disk: BlockSource): Promise<DiskIndex> {
    const found = this.#known.get(hash) ?? this.#begin(hash, disk);
    this.#known.delete(hash);
    this.#known.set(hash, found);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!);
    return found;
  }

  /** One that could not be made is tried again. */
  #begin(hash: string, disk: BlockSource): Promise<DiskIndex> {
    const index = indexOf(disk, this.#ended.signal);
    index.catch(() => {
      if (this.#known.get(hash) === index) this.#known.delete(hash);
    });
    return index;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

async function indexOf(disk: BlockSource, signal: AbortSignal): Promise<DiskIndex> {
  const uses = new UseMap();
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (problems.length < MOST_PROBLEMS) problems.push(printable(problem));
  };
  signal.throwIfAborted();
  let steps = 0;
  let turnEnds = performance.now() + TURN_MS;
  for (const use of diskUses(disk, note)) {
    if (use) uses.add(use);
    if (uses.isCut || ++steps > MOST_STEPS) {
      problems.push('it has too many extents: the rest is not shown');
      break;
    }
    if (performance.now() < turnEnds) continue;
    await setImmediate(undefined, { signal });
    turnEnds = performance.now() + TURN_MS;
  }
  return { uses, problems };
}

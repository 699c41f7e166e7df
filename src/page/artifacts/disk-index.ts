/** What each place of a disk is used for, found out once for each disk, a little at a time. */
import { setImmediate } from 'node:timers/promises';
import { diskUses, UseMap, type BlockSource } from '../../disk/index.ts';

/** How long others wait at most: a build goes on beside it. */
const TURN_MS = 10;
const KEPT = 4;
const MOST_PROBLEMS = 20;

/** The uses of a disk, and what of it cannot be read. */
export interface DiskIndex {
  readonly uses: UseMap;
  readonly problems: readonly string[];
}

/** The last few disks, by their digests. */
export class DiskIndexes {
  readonly #known = new Map<string, Promise<DiskIndex>>();

  of(hash: string, disk: BlockSource): Promise<DiskIndex> {
    const found = this.#known.get(hash) ?? indexOf(disk);
    this.#known.delete(hash);
    this.#known.set(hash, found);
    // One that could not be made is tried again.
    found.catch(() => this.#known.delete(hash));
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!);
    return found;
  }
}

async function indexOf(disk: BlockSource): Promise<DiskIndex> {
  const uses = new UseMap();
  const problems: string[] = [];
  let turnEnds = performance.now() + TURN_MS;
  for (const use of diskUses(disk, (problem) => problems.length < MOST_PROBLEMS && problems.push(problem))) {
    uses.add(use);
    if (uses.isCut) break;
    if (performance.now() < turnEnds) continue;
    await setImmediate();
    turnEnds = performance.now() + TURN_MS;
  }
  if (uses.isCut) problems.push('it has more files than are looked at');
  return { uses, problems };
}

/** What an action asks of the machine, by what its rule says and by what it took before; and what the machine has. */
import { statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { ActionNode } from '../../analysis/action.ts';
import { fail } from '../../model/diagnostic.ts';
import type { Needs } from '../../model/rule.ts';
import { availableMemoryMiB } from '../process/memory.ts';
import type { PastRun } from './past-runs.ts';
import type { Amounts } from './resources.ts';

const MIB = 2 ** 20;
const DEFAULT_MEMORY_MIB = 256;
const MIN_MEMORY_MIB = 32;
/** The next run may take more memory than those that were seen. */
const MEMORY_MARGIN = 1.25;
/** One that waits for something most of its time; less is not believed, as a busy machine lets nobody have much. */
const MIN_CPUS = 0.5;
/** The rest belongs to the builder and to the user. */
const MEMORY_SHARE = 0.75;

/**
 * What an action asks for. What its rule says counts, and more only where it was seen to take more memory; what the rule
 * leaves open is learned.
 */
export function wantedBy(needs: Needs, past: PastRun | undefined): Amounts {
  return {
    places: 1,
    cpus: needs.cpus ?? learnedCpus(past?.cpus),
    memoryMiB: memoryOf(needs.memoryMiB, past?.memoryMiB),
    diskMiB: needs.diskMiB ?? 0,
  };
}

/** In halves: what differs from run to run is not to decide. */
function learnedCpus(cpus = 1): number {
  return Math.max(MIN_CPUS, Math.round(cpus * 2) / 2);
}

function memoryOf(declaredMiB: number | undefined, seenMiB: number | undefined): number {
  if (seenMiB === undefined) return declaredMiB ?? DEFAULT_MEMORY_MIB;
  return declaredMiB === undefined ? Math.max(MIN_MEMORY_MIB, seenMiB * MEMORY_MARGIN) : Math.max(declaredMiB, seenMiB);
}

/** What there is for actions of a store; with `jobs`, that many actions at a time. */
export function machineHas(store: string, jobs?: number): Amounts {
  return {
    places: jobs ?? Infinity,
    cpus: jobs ?? availableParallelism(),
    memoryMiB: availableMemoryMiB() * MEMORY_SHARE,
    diskMiB: freeMiB(store),
  };
}

/** Fails when an action needs more room than there is, before it takes what there is. */
export function requireDisk(store: string, { label, mnemonic, needs }: ActionNode): void {
  if (needs.diskMiB === undefined || needs.diskMiB <= freeMiB(store)) return;
  const free = formatMiB(freeMiB(store));
  fail(
    'DISK_FULL',
    `not enough space: ${label} (${mnemonic}) needs ${formatMiB(needs.diskMiB)}, and the store's disk has ${free}`,
    {
      hint: 'free some space (dsmb gc --max-size 10GiB), or set DSMB_STORE to a folder on a larger disk',
    },
  );
}

/** What a folder's file system has free for this user. */
export function freeMiB(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / MIB;
}

export function formatMiB(mib: number): string {
  return mib < 1024 ? `${Math.floor(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

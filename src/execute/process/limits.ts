/**
 * What an action may take of the machine at most. It is looked at while the action runs, since not every user has control
 * groups; what takes more is ended, and says so.
 */
import { existsSync, lstatSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Needs } from '../../model/rule.ts';
import { availableMemoryMiB } from './memory.ts';

/** Of one action. */
export interface Limits {
  readonly memoryMiB: number;
  /** With their threads. */
  readonly processes: number;
}

/** What an action took too much of. */
export interface Excess {
  readonly of: 'memory' | 'processes' | 'disk';
  readonly taken: number;
  /** For a disk: what is to stay free. */
  readonly limit: number;
}

/** Far more than any compiler starts, and far less than brings a machine down. */
const MOST_PROCESSES = 4096;
/** The rest belongs to the user, and to the kernel. */
const MEMORY_SHARE = 0.9;
/** What a rule says is an estimate, of what others are to leave: an emulator takes twice its guest's memory. */
const PATIENCE = 4;
const LEAST_MEMORY_MIB = 4096;
/** So much of a disk stays free, for others and for what has to be written down; of a small disk a part. */
const KEPT_FREE_MIB = 256;
const KEPT_FREE_SHARE = 0.02;
const MIB = 2 ** 20;
/** The unit of `Stats.blocks`. */
const BLOCK_BYTES = 512;
/** Folders of a sandbox that an action does not write. */
const READ_ONLY: ReadonlySet<string> = new Set(['in', 'dsmb']);

/** By what its rule says, and what the machine has. */
export function limitsOf({ memoryMiB }: Needs, machineMiB = availableMemoryMiB()): Limits {
  const most = machineMiB * MEMORY_SHARE;
  const declared = memoryMiB === undefined ? most : Math.max(memoryMiB * PATIENCE, LEAST_MEMORY_MIB);
  return { memoryMiB: Math.floor(Math.min(most, declared)), processes: MOST_PROCESSES };
}

/** What is too much, of what was seen. */
export function excessOf(
  { memoryMiB, processes }: Readonly<Record<keyof Limits, number>>,
  limits: Limits,
): Excess | undefined {
  if (processes > limits.processes) return { of: 'processes', taken: processes, limit: limits.processes };
  if (memoryMiB > limits.memoryMiB) return { of: 'memory', taken: Math.ceil(memoryMiB), limit: limits.memoryMiB };
  return undefined;
}

/** When the disk of a sandbox is almost full, and the action has taken much of it. Inputs are the store's own files. */
export function diskExcess(sandbox: string): Excess | undefined {
  if (!existsSync(sandbox)) return undefined;
  const { bavail, blocks, bsize } = statfsSync(sandbox);
  const limit = Math.min(KEPT_FREE_MIB, ((blocks * bsize) / MIB) * KEPT_FREE_SHARE);
  if ((bavail * bsize) / MIB >= limit) return undefined;
  const written = entriesOf(sandbox).filter(({ name }) => !READ_ONLY.has(name));
  const taken = written.reduce((sum, { name }) => sum + takenBelow(join(sandbox, name)), 0);
  return taken > limit ? { of: 'disk', taken, limit } : undefined;
}

/** What the files below a folder take on the disk, in MiB; as far as they can be looked at. */
function takenBelow(folder: string): number {
  let bytes = 0;
  for (const folders = [folder]; folders.length > 0;) {
    const path = folders.pop()!;
    for (const entry of entriesOf(path)) {
      const at = join(path, entry.name);
      if (entry.isDirectory()) folders.push(at);
      else bytes += (lstatSync(at, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES;
    }
  }
  return bytes / MIB;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** `took 9000 MiB of memory, and may take 8192`. */
export function describeExcess({ of, taken, limit }: Excess): string {
  if (of === 'processes') return `had ${taken} processes and threads, and may have ${limit}`;
  if (of === 'memory') return `took ${taken} MiB of memory, and may take ${limit} MiB`;
  return `took ${Math.ceil(taken)} MiB of the store's disk, of which ${Math.ceil(limit)} MiB are kept free`;
}

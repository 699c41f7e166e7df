/** What actions took when they last ran. A hint for the order of work; nothing depends on it. */
import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeAtomically } from '../../../cache/files.ts';
import { actionId, type ActionIdentity } from '../../model/event.ts';
import type { Place } from './leaving.ts';

/** What one run took. */
export interface PastRun {
  readonly durationMs: number;
  /** Processors that it kept busy on average; absent where it was too short to look at. */
  readonly cpus?: number;
  /** The most memory that it held; of several runs, the most of the last ones. */
  readonly memoryMiB?: number;
}

/** Actions that are remembered, the last ones that ran. */
const KEPT = 20_000;
/** Other workspaces that are asked. */
const OTHERS = 8;
/** The file is written anew when it has this many lines for each action. */
const LINES_PER_ACTION = 4;
/** What took this long is written down at once: it is not to be forgotten by a kill. */
const DEAR_MS = 1000;
/** Each run that takes less memory lets go of this share of what an earlier one took. */
const MEMORY_DECAY = 0.1;

/**
 * A file with a line for each run: identity, milliseconds, processors, MiB, with tabs between; later lines win. What it
 * does not know may stand in such files of other workspaces, which are asked for once, the newest first.
 */
export class PastRuns {
  readonly #path: string;
  readonly #otherPaths: () => readonly string[];
  #others: readonly ReadonlyMap<string, PastRun>[] | undefined;
  #runs: Map<string, PastRun> | undefined;
  #lines = 0;
  #unsaved: string[] = [];

  constructor(path: string, otherPaths: () => readonly string[] = () => []) {
    this.#path = path;
    this.#otherPaths = otherPaths;
  }

  of(action: ActionIdentity, place: Place = 'here'): PastRun | undefined {
    const id = nameOf(action, place);
    return (this.#runs ??= this.#read()).get(id) ?? this.#elsewhere(id);
  }

  #elsewhere(id: string): PastRun | undefined {
    this.#others ??= newest(this.#otherPaths()).map((path) => new Map(runsIn(path)));
    return this.#others.find((runs) => runs.has(id))?.get(id);
  }

  /** How long it is likely to take, in milliseconds: as it did in that place, or else in the other. */
  expectedMs(action: ActionIdentity, place: Place = 'here'): number | undefined {
    return (this.of(action, place) ?? this.of(action, place === 'here' ? 'remote' : 'here'))?.durationMs;
  }

  note(action: ActionIdentity, run: PastRun, place: Place = 'here'): void {
    const id = nameOf(action, place);
    const before = this.of(action, place)?.memoryMiB;
    const memoryMiB = Math.max(run.memoryMiB ?? 0, (before ?? 0) * (1 - MEMORY_DECAY));
    const noted = { ...run, ...(memoryMiB > 0 ? { memoryMiB } : {}) };
    this.#put(id, noted);
    this.#unsaved.push(lineOf(id, noted));
    if (run.durationMs >= DEAR_MS) this.save();
  }

  /** On a full disk or in a read-only store nothing is learned. */
  save(): void {
    if (this.#unsaved.length === 0 || !this.#runs) return;
    try {
      this.#lines += this.#unsaved.length;
      if (this.#lines > LINES_PER_ACTION * this.#runs.size + LINES_PER_ACTION) this.#writeAnew(this.#runs);
      else this.#append();
    } catch {
      // It is a hint.
    }
    this.#unsaved = [];
  }

  #append(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    appendFileSync(this.#path, this.#unsaved.join(''));
  }

  #writeAnew(runs: ReadonlyMap<string, PastRun>): void {
    writeAtomically(this.#path, [...runs].map(([id, run]) => lineOf(id, run)).join(''), false);
    this.#lines = runs.size;
  }

  #read(): Map<string, PastRun> {
    this.#runs = new Map();
    for (const [id, run] of runsIn(this.#path)) {
      this.#lines++;
      this.#put(id, run);
    }
    return this.#runs;
  }

  /** The map is in the order of the last runs. */
  #put(id: string, run: PastRun): void {
    const runs = this.#runs!;
    runs.delete(id);
    runs.set(id, run);
    if (runs.size > KEPT) runs.delete(runs.keys().next().value!);
  }
}

/** A mnemonic may hold anything; no label begins with a word. */
function nameOf(action: ActionIdentity, place: Place): string {
  return `${place === 'remote' ? 'remote ' : ''}${actionId(action).replaceAll(/[\t\n]/g, ' ')}`;
}

function lineOf(id: string, { durationMs, cpus, memoryMiB }: PastRun): string {
  const memory = memoryMiB === undefined ? '' : Math.ceil(memoryMiB);
  return `${id}\t${Math.round(durationMs)}\t${cpus?.toFixed(2) ?? ''}\t${memory}\n`;
}

function* runsIn(path: string): Generator<[id: string, run: PastRun]> {
  for (const line of textOf(path).split('\n')) {
    const [id, ...numbers] = line.split('\t');
    if (!id || numbers.length !== 3 || !numbers.every((text) => Number(text) >= 0)) continue;
    const [durationMs, cpus, memoryMiB] = numbers;
    const used = { ...(cpus ? { cpus: Number(cpus) } : {}), ...(memoryMiB ? { memoryMiB: Number(memoryMiB) } : {}) };
    yield [id, { durationMs: Number(durationMs), ...used }];
  }
}

/** The files that were written last. */
function newest(paths: readonly string[]): string[] {
  const times = new Map(paths.map((path) => [path, statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0]));
  return paths.toSorted((a, b) => times.get(b)! - times.get(a)!).slice(0, OTHERS);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

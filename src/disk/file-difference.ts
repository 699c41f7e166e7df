/** What differs between two file systems, file by file. */
import { toDiagnostic } from '../model/diagnostic.ts';
import { BLOCK_SIZE } from './format.ts';
import type { FileSystem, FileSystemEntry } from './file-system.ts';
import type { FileContent, Place } from './source.ts';

/** What is told of a file on one side. Sizes are bytes; the properties are those that changed. */
export interface FileSummary extends Pick<FileSystemEntry, 'type' | 'size' | 'target'> {
  readonly properties?: FileSystemEntry['properties'];
}

/** One file that is not the same. */
export interface FileDifference {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before?: FileSummary;
  readonly after?: FileSummary;
  /** Why its content could not be compared. */
  readonly problem?: string;
}

/** A file system, and where on its disk it begins; undefined where that is not known. */
export interface Placed {
  readonly files: FileSystem;
  readonly origin: number | undefined;
}

/** Tells whether a block of 1 MiB may differ between the disks. */
export type MayDiffer = (block: number) => boolean;

const PIECE = 1024 * 1024;

/** The files that differ, by path. Of a file that lies in the same blocks on both sides only those that differ are read. */
export function* differingFiles(
  before: Placed | undefined,
  after: Placed,
  mayDiffer: MayDiffer,
): Generator<FileDifference> {
  const left = new Map([...(before?.files.walk() ?? [])].map((entry) => [entry.path, entry]));
  const right = new Map([...after.files.walk()].map((entry) => [entry.path, entry]));
  for (const path of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [a, b] = [left.get(path), right.get(path)];
    if (!a) yield { path, change: 'added', after: summary(b!) };
    else if (!b) yield { path, change: 'removed', before: summary(a) };
    else {
      const { same, problem } = before ? compared(a, b, () => sameContent(path, before, after, mayDiffer)) : DIFFERENT;
      const told = { path, before: summary(a, b), after: summary(b, a), ...(problem === undefined ? {} : { problem }) };
      if (!same) yield { ...told, change: 'changed' };
    }
  }
}

interface Compared {
  readonly same: boolean;
  readonly problem?: string;
}

const DIFFERENT: Compared = { same: false };

/** Damage of one file hides no other. */
function compared(a: FileSystemEntry, b: FileSystemEntry, hasSameContent: () => boolean): Compared {
  try {
    return { same: isSame(a, b, hasSameContent) };
  } catch (error) {
    return { same: false, problem: toDiagnostic(error).message };
  }
}

function isSame(a: FileSystemEntry, b: FileSystemEntry, hasSameContent: () => boolean): boolean {
  if (a.type !== b.type || a.size !== b.size || a.target !== b.target) return false;
  return changedProperties(a, b).length === 0 && (a.type !== 'file' || hasSameContent());
}

function summary(entry: FileSystemEntry, other?: FileSystemEntry): FileSummary {
  const { type, size, target } = entry;
  const changed = other ? changedProperties(entry, other) : [];
  return {
    type,
    size,
    ...(target === undefined ? {} : { target }),
    ...(changed.length > 0 ? { properties: Object.fromEntries(changed) } : {}),
  };
}

function changedProperties({ properties }: FileSystemEntry, other: FileSystemEntry): [name: string, value: string][] {
  return Object.entries(properties).filter(([name, value]) => other.properties[name] !== value);
}

function sameContent(path: string, before: Placed, after: Placed, mayDiffer: MayDiffer): boolean {
  const [a, b] = [before.files.file(path), after.files.file(path)];
  for (const { offset, length } of doubtful(a, b, isSamePlace(before, after), mayDiffer))
    for (let at = offset; at < offset + length; at += PIECE) {
      const part = Math.min(PIECE, offset + length - at);
      if (!a.read(at, part).equals(b.read(at, part))) return false;
    }
  return true;
}

/** Where on the disk both file systems begin; undefined where that is not the same place. */
function isSamePlace({ origin }: Placed, other: Placed): number | undefined {
  return origin === other.origin ? origin : undefined;
}

/** The parts of a file that must be read to know whether they are the same. */
function* doubtful(a: FileContent, b: FileContent, origin: number | undefined, mayDiffer: MayDiffer): Generator<Place> {
  const whole: Place = { offset: 0, length: a.size };
  if (origin === undefined || !a.places || !b.places) return yield whole;
  const others = b.places()[Symbol.iterator]();
  for (const place of a.places()) {
    const other = others.next();
    const { offset, length, at } = place;
    const isTwin = !other.done && other.value.at === at && other.value.length === length;
    // From here on it lies elsewhere.
    if (!isTwin) return yield { offset, length: a.size - offset };
    if (at !== undefined) yield* differingParts(place, origin + at, mayDiffer);
  }
}

/** The parts of a place that lie in blocks that may differ. `start` is where it begins on the disk. */
function* differingParts({ offset, length }: Place, start: number, mayDiffer: MayDiffer): Generator<Place> {
  for (let done = 0; done < length;) {
    const part = Math.min(length - done, BLOCK_SIZE - ((start + done) % BLOCK_SIZE));
    if (mayDiffer(Math.floor((start + done) / BLOCK_SIZE))) yield { offset: offset + done, length: part };
    done += part;
  }
}

/** Remembers bundles of steps until a file changes that they came from, or that would lead the bundler elsewhere. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hashFile, writeAtomically } from '../../cache/files.ts';
import { digest, type Digest } from '../model/digest.ts';

/** Part of a memory's name: a change here forgets all of them. */
const FORMAT = 4;
/** What the bundler heeds wherever it is, in the folder of a module or above. */
const SETTINGS = ['tsconfig.json', 'package.json'];
/** Clocks of file systems go in steps: two writes so close to each other may have one time. */
const RACY_MS = 50;

/** Zeros where there is nothing. */
type StatRow = readonly [path: string, size: number, mtimeMs: number, ctimeMs: number, inode: number];

interface Remembered {
  readonly hash: string;
  readonly size: number;
  /** Every module that went in, with its hash. */
  readonly inputs: readonly (readonly [...StatRow, hash: string])[];
  /** Every place where the bundler may have looked for its settings. */
  readonly settings: readonly StatRow[];
}

/** A bundle that was made before. */
export interface KnownBundle {
  readonly digest: Digest;
  /** Hashes by path. */
  readonly modules: ReadonlyMap<string, string>;
  /** Paths of the settings that the bundler heeded, or would have if they were there. */
  readonly settings: readonly string[];
}

/** The file in a folder that remembers what an entry was bundled to. */
export function memoryOf(folder: string, ...entry: readonly string[]): string {
  const name = createHash('sha256')
    .update([FORMAT, ...entry].join(' '))
    .digest('hex')
    .slice(0, 32);
  return join(folder, `${name}.json`);
}

/** Looks at a path. */
export type Look = (path: string) => StatRow;

/** Looks at each path once, since steps share most of their modules. */
export function lookOnce(): Look {
  const seen = new Map<string, StatRow>();
  return (path) => {
    const row = seen.get(path) ?? statRow(path);
    seen.set(path, row);
    return row;
  };
}

/** What is remembered, while all of it holds. */
export function recall(memory: string, look: Look = statRow): KnownBundle | undefined {
  try {
    const remembered = JSON.parse(readFileSync(memory, 'utf8')) as Remembered;
    const same = rowsOf(remembered).every((row) => look(row[0]).every((value, index) => value === row[index]));
    return same ? knownOf(remembered) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Remembers a bundle of modules whose reading began at a time, in ms since the epoch. A file that was written since, or
 * just before, may be another one than was read: then it is bundled again the next time.
 */
export function remember(
  memory: string,
  { hash, size }: Digest,
  paths: readonly string[],
  startedAt: number,
): KnownBundle {
  const inputs = paths.map((path) => [...statRow(path), hashFile(path).hash] as const);
  const made: Remembered = { hash, size, inputs, settings: settingsOf(paths).map(statRow) };
  const isOld = rowsOf(made).every(([, , , ctimeMs]) => ctimeMs < startedAt - RACY_MS);
  if (isOld) writeAtomically(memory, JSON.stringify(made));
  return knownOf(made);
}

function knownOf({ hash, size, inputs, settings }: Remembered): KnownBundle {
  return {
    digest: digest(hash, size),
    modules: new Map(inputs.map(([path, , , , , of]) => [path, of])),
    settings: settings.map(([path]) => path),
  };
}

function rowsOf({ inputs, settings }: Remembered): StatRow[] {
  const modules = inputs.map(([path, size, mtimeMs, ctimeMs, inode]) => [path, size, mtimeMs, ctimeMs, inode] as const);
  return [...modules, ...settings];
}

/** Beside modules and above them, whether or not they are there. */
function settingsOf(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths)
    for (let folder = dirname(path); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  return [...folders].flatMap((folder) => SETTINGS.map((name) => join(folder, name)));
}

function statRow(path: string): StatRow {
  const { size, mtimeMs, ctimeMs, ino } = statSync(path, { throwIfNoEntry: false }) ?? NOTHING;
  return [path, size, mtimeMs, ctimeMs, ino];
}

const NOTHING = { size: 0, mtimeMs: 0, ctimeMs: 0, ino: 0 };

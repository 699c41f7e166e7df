/** Remembers bundles of steps while everything stands that the bundler looked at, there or not. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hashFile, writeUnlessReadOnly } from '../../cache/files.ts';
import { areBelievable, areSameStamps, stampsOf } from '../../cache/stamps.ts';
import { placesOf, type Looks } from '../../cache/ways.ts';
import { Lookups, type ModuleRequest } from '../load/lookups.ts';
import { digest, type Digest } from '../model/digest.ts';

/** Part of a memory's name: a change here forgets all of them. */
const FORMAT = 5;
/** What the bundler heeds in the folder of a module or above it. */
const SETTINGS = ['tsconfig.json', 'jsconfig.json', 'package.json', '.pnp.cjs', '.pnp.data.json', '.pnp.js'];

/** A bundle that was made before. */
export interface KnownBundle {
  readonly digest: Digest;
  /** Hashes by path. */
  readonly modules: ReadonlyMap<string, string>;
  /** Paths of all that decides what the bundle is; undefined where that is not known. */
  readonly places: readonly string[] | undefined;
}

interface Remembered {
  readonly hash: string;
  readonly size: number;
  readonly modules: readonly (readonly [path: string, hash: string])[];
  readonly places: readonly string[];
  /** Of the places. */
  readonly stamps: readonly number[];
}

/** The file in a folder that remembers what an entry was bundled to. */
export function memoryOf(folder: string, ...entry: readonly string[]): string {
  const name = createHash('sha256')
    .update([FORMAT, ...entry].join(' '))
    .digest('hex')
    .slice(0, 32);
  return join(folder, `${name}.json`);
}

/** What is remembered, while all of it holds. */
export function recall(memory: string, looks: Looks): KnownBundle | undefined {
  try {
    const { hash, size, modules, places, stamps } = JSON.parse(readFileSync(memory, 'utf8')) as Remembered;
    if (!areSameStamps(stampsOf(places, looks.stamp), stamps)) return undefined;
    return { digest: digest(hash, size), modules: new Map(modules), places };
  } catch {
    return undefined;
  }
}

/** A bundle as it was made of modules whose reading began at a time, in ms since the epoch. */
export interface MadeBundle {
  readonly digest: Digest;
  readonly inputs: readonly string[];
  readonly requests: readonly ModuleRequest[];
  readonly startedAt: number;
}

/** Remembers a bundle, unless something that it rests on is not known, or may have changed since it was read. */
export function remember(memory: string, made: MadeBundle, looks: Looks): KnownBundle {
  const { hash, size } = made.digest;
  const modules = made.inputs.map((path) => [path, hashFile(path).hash] as const);
  const places = placesBehind(made, looks);
  const stamps = places && stampsOf(places, looks.stamp);
  if (stamps && areBelievable(stamps, made.startedAt))
    writeUnlessReadOnly(
      memory,
      JSON.stringify({ hash, size, modules, places, stamps: [...stamps] } satisfies Remembered),
    );
  return { digest: made.digest, modules: new Map(modules), places };
}

function placesBehind({ inputs, requests }: MadeBundle, looks: Looks): string[] | undefined {
  const lookups = new Lookups('bundle', looks);
  const paths = new Set(inputs);
  for (const request of requests) {
    const places = lookups.places(request);
    if (!places) return undefined;
    for (const place of places) paths.add(place);
  }
  for (const folder of foldersOf(inputs)) for (const name of SETTINGS) paths.add(join(folder, name));
  for (const folder of new Set(inputs.map(dirname))) for (const place of lookups.settings(folder)) paths.add(place);
  return placesOf(paths, looks);
}

/** Those of modules and all above them. */
function foldersOf(paths: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const path of paths)
    for (let folder = dirname(path); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  return folders;
}

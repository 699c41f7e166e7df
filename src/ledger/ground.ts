/**
 * What the whole graph of a request rests on: the engine, the modules and settings of the project, the store. A change here
 * may change anything. More than it needs costs a look; less would be a lie.
 */
import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { removalsFile } from '../../cache/removals.ts';
import { areSameStamps, firstRacy, isOfNothing, stampsAt, stampsOf, timesAt, type Stamps } from '../../cache/stamps.ts';
import type { Store } from '../../cache/store.ts';
import { pathsBelow } from '../../cache/walk.ts';
import type { Project } from '../analysis/project.ts';
import { packageFolders } from '../load/load.ts';
import { Lookups } from '../load/lookups.ts';
import { PARAMETERS_FILE } from '../load/parameters.ts';
import { settingsFiles } from '../load/settings.ts';
import { foldersInPlaceOf } from '../load/shared-places.ts';
import { describeOutside, type Search } from '../load/trace.ts';
import { findWorkspace } from '../load/workspace.ts';
import { ENGINE } from '../model/own-files.ts';
import { nodeBinary } from '../plan/runtime.ts';
import type { Because } from './because.ts';
import { Places } from './places.ts';
import type { Request } from './request.ts';

/** Places, as a build has seen them. */
export interface Ground {
  /** Absolute paths, there or not. */
  readonly seen: readonly string[];
  /** Of these. */
  readonly stamps: Stamps;
  /** Absolute paths of which only counts that something is there. */
  readonly present: readonly string[];
}

/** The ground of a project that this process has loaded; or why there is no telling. */
export function groundOf(request: Request, store: Store, project: Project): Ground | Because {
  const { trace } = project.loaded;
  if (trace.outside) return { because: describeOutside(trace.outside) };
  const places = new Places(trace.looks);
  addEngine(places);
  addProject(places, request, project);
  const unknown = addSearches(places, trace.searches);
  if (unknown) return { because: `it is not known where ${unknown.folder} looks for ${unknown.specifier}` };
  places.path(removalsFile(store.root));
  for (const folder of ['cas.v1', 'ac.v1']) places.exists(join(store.root, folder));
  const seen = [...places.seen];
  const stamps = stampsOf(seen, trace.looks.stamp);
  const racy = firstRacy(stamps, performance.timeOrigin);
  if (racy !== undefined) return { because: whyRacy(seen[racy]!, timesAt(stamps, racy)) };
  return { seen, stamps, present: [...places.present] };
}

/** What of a ground has changed, in words; paths that were read again anyway may be left out. */
export function changeOf({ seen, stamps, present }: Ground, leftOut?: ReadonlySet<string>): string | undefined {
  const gone = present.find((path) => !existsSync(path));
  if (gone !== undefined) return `${nameOf(gone)} is gone`;
  const now = stampsOf(seen);
  if (areSameStamps(now, stamps)) return undefined;
  const isOther = (path: string, at: number): boolean =>
    !leftOut?.has(path) && !areSameStamps(stampsAt(now, at, 1), stampsAt(stamps, at, 1));
  const at = seen.findIndex(isOther);
  return at < 0 ? undefined : changeAt(seen[at]!, stampsAt(stamps, at, 1), stampsAt(now, at, 1));
}

function changeAt(path: string, before: Stamps, now: Stamps): string {
  if (basename(path) === basename(removalsFile(''))) return 'something was removed from the store';
  if (isOfNothing(before)) return `${nameOf(path)} is new`;
  return `${nameOf(path)} ${isOfNothing(now) ? 'is gone' : 'has changed'}`;
}

/** Why nobody can tell whether what lies at a path is what was read there. */
export function whyRacy(path: string, times: readonly [modifiedMs: number, changedMs: number]): string {
  return `${nameOf(path)} has ${Math.max(...times) > Date.now() ? 'a time in the future' : 'just changed'}`;
}

/** As people look for it. */
export function nameOf(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith('..') ? path : below || '.';
}

function addEngine(places: Places): void {
  for (const folder of ['src', 'cache'])
    for (const path of pathsBelow(join(ENGINE, folder)))
      if (/(?<!\.test|\.test-helper)\.[jt]s$/.test(path)) places.path(path);
  places.module(join(ENGINE, 'src/index.ts'));
  places.path(nodeBinary());
  // The launcher sets up anew what it asks for.
  places.path(join(ENGINE, 'package-lock.json'));
}

function addProject(places: Places, request: Request, { root, loaded, targets }: Project): void {
  findWorkspace(resolve(request.folder, request.workspace ?? '.'), places.exists);
  if (request.operands.some((operand) => operand.endsWith('...')))
    addFolders(places, (exists) => packageFolders(root, exists));
  for (const { label } of targets) addFolders(places, (exists) => foldersInPlaceOf(root, label, exists));
  for (const name of [PARAMETERS_FILE, 'toolchain.lock.json']) places.path(join(root, name));
  // Who begins to share finds all results to be shared.
  for (const path of settingsFiles(root)) places.path(path);
  for (const path of loaded.trace.paths) places.path(path);
  for (const module of loaded.trace.modules) places.module(module);
}

/** The places where Node searched for modules. Gives a search of which they are not all known. */
function addSearches(places: Places, searches: Iterable<Search>): Search | undefined {
  const lookups = { import: new Lookups('import'), require: new Lookups('require') };
  for (const search of searches) {
    const found = lookups[search.manner].places(search);
    if (!found) return search;
    for (const place of found) places.path(place);
  }
  return undefined;
}

/** The folders that were looked into for packages, and what kept the search out of others. */
function addFolders(places: Places, search: (exists: (path: string) => boolean) => Iterable<string>): void {
  for (const folder of search((path) => existsSync(path) && places.exists(path))) places.path(folder);
}

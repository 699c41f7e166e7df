/**
 * What a source is: the file or folder that its path leads to, over whatever symlinks. In a folder, links stay links;
 * they must lead to something in it.
 */
import { lstatSync, readdirSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { namesIn } from '../../cache/names.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { Looks } from '../../cache/ways.ts';
import { nearestFile } from '../load/nearest.ts';
import { NEVER_SOURCES } from '../load/workspace.ts';
import { fail } from '../model/diagnostic.ts';
import { specialType } from '../model/file-type.ts';
import { shellWord } from '../model/shell-word.ts';
import { nowhere, SourceLinks } from './source-links.ts';

/**
 * The content of a source, absolute and as it is written in the build file. Files that did not change since they were
 * last read are not read.
 */
export function sourceNode(store: Store, path: string, written: string): Node {
  const { end } = store.looks.way(path);
  const there = lstatSync(path, { throwIfNoEntry: false });
  const stats = there?.isSymbolicLink() ? behindLink(path) : there;
  if (!stats) return missing(path, written);
  if (!stats.isDirectory()) return fileNode(store, path, stats);
  return folderNode(store, { path, end }, new SourceLinks(path, NEVER_SOURCES));
}

function missing(path: string, written: string): never {
  const close = nearestFile(path);
  return fail('NO_SUCH_FILE', `there is no file or folder ${written} (${path})`, {
    hint: close ? `did you mean ${join(dirname(written), close)}?` : 'dsmb check shows where it is declared',
  });
}

/** A place in a source, as it is named and without a link on the way. */
interface Place {
  readonly path: string;
  readonly end: string;
}

/** Every path that decides what a source is: the places on the way to it, and all that is in a folder. */
export function sourceRestsOn(path: string, looks: Looks): string[] {
  const { places, end, isFolder } = looks.way(path);
  return isFolder ? [...new Set([...places, ...placesBelow(end, looks)])] : [...places];
}

function* placesBelow(folder: string, looks: Looks): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (NEVER_SOURCES.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) yield* looks.way(path).places;
    else yield path;
    if (entry.isDirectory()) yield* placesBelow(path, looks);
  }
}

function folderNode(store: Store, { path, end }: Place, links: SourceLinks): Node {
  const names = namesIn(path).filter((name) => !NEVER_SOURCES.has(name));
  const node = (name: string): Node => entryNode(store, { path: join(path, name), end: join(end, name) }, links);
  return store.trees.store(new Map(names.map((name) => [name, node(name)])));
}

function entryNode(store: Store, place: Place, links: SourceLinks): Node {
  const stats = lstatSync(place.path);
  store.looks.note(place.end, stats);
  if (stats.isSymbolicLink()) return links.node(place.path);
  return stats.isDirectory() ? folderNode(store, place, links) : fileNode(store, place.path, stats);
}

function fileNode(store: Store, path: string, stats: Stats): Node {
  if (!stats.isFile())
    return fail('SOURCE_NOT_A_FILE', `${path} is ${specialType(stats)}, neither a file nor a folder`);
  const digest = store.sources.of(path, () => store.cas.putCopy(path), stats);
  const stored = store.cas.has(digest) ? digest : store.cas.putCopy(path);
  return { type: 'file', digest: stored, executable: (stats.mode & 0o100) !== 0 };
}

function behindLink(link: string): Stats {
  const looks = new Looks();
  const { end, exists } = looks.way(link);
  if (exists) return statSync(end);
  return fail('NO_SUCH_FILE', `the source ${link} is a symlink that leads ${nowhere(end, looks)}`, {
    hint: `point it at a file or folder: ln -sfn TARGET ${shellWord(link)}`,
  });
}

/**
 * What the keys of actions were made of, kept in the store by key: written when an action runs, read to explain. Clones
 * of one project share a store, so a path in the workspace, or in dsmb itself, is kept as what it is there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { writeInto } from '../../cache/files.ts';
import type { Declaration } from '../analysis/declaration.ts';
import type { Digest } from '../model/digest.ts';
import { OWN_PACKAGE } from '../model/own-files.ts';
import type { Part, PartOrigin } from '../plan/parts.ts';

/** A key, taken apart. */
export interface KeptParts {
  readonly parts: readonly Part[];
  readonly declared: Declaration;
}

/**
 * Keeps what a key was made of, in a build of a workspace. After a crash an explanation may be missing, or half of one,
 * which is none; and a build that cannot keep it is a build all the same.
 */
export function keepParts(store: Store, workspace: string, key: Digest, kept: KeptParts): void {
  keepText(store, key.hash, keptText(workspace, kept));
}

/** The same as text, which says nothing of where a workspace lies: other machines can read it. */
export function keptText(workspace: string, kept: KeptParts): string {
  const prefixes = prefixesOf(workspace);
  const toKept = (path: string): string => {
    const [prefix, folder] = prefixes.find(([, folder]) => path.startsWith(folder)) ?? ['', ''];
    return prefix + path.slice(folder.length);
  };
  return JSON.stringify(withPaths(kept, toKept));
}

/** Keeps what another machine has said of a key, which may be anything; what this one knows of it stays. */
export function keepForeignParts(store: Store, keyHash: string, text: string): void {
  if (!existsSync(pathOf(store, keyHash)) && isKeptParts(text)) keepText(store, keyHash, text);
}

function keepText(store: Store, keyHash: string, text: string): void {
  try {
    writeInto(pathOf(store, keyHash), text);
  } catch {
    // The disk is full, or the store is read-only: the action itself will say so where it matters.
  }
}

/** Composed folders in composed folders: more are not folders that somebody has declared. */
const MOST_NESTED = 100;

function isKeptParts(text: string): boolean {
  return parsed(text) !== undefined;
}

/** Undefined for what is no such thing: another machine may have written it. */
function parsed(text: string): KeptParts | undefined {
  try {
    const kept = JSON.parse(text) as KeptParts;
    const isPart = ({ kind, name, value, origin }: Part): boolean =>
      [kind, name, value].every((one) => typeof one === 'string') && (origin === undefined || isOrigin(origin));
    return kept.parts.every(isPart) && typeof kept.declared.attributes === 'object' ? kept : undefined;
  } catch {
    return undefined;
  }
}

function isOrigin(origin: PartOrigin, depth = 0): boolean {
  const isText = (one: unknown): boolean => typeof one === 'string';
  switch (origin.type) {
    case 'source':
      return isText(origin.path);
    case 'action':
      return [origin.label, origin.mnemonic, origin.path].every(isText);
    case 'debian':
      return origin.packages.every(isText);
    case 'compose':
      return depth < MOST_NESTED && Object.values(origin.entries).every((of) => isOrigin(of, depth + 1));
    case 'runtime':
      return true;
    default:
      return false;
  }
}

/** What was kept, with its paths as they are in this workspace; undefined where nothing was, or it is gone. */
export function readParts(store: Store, workspace: string, keyHash: string): KeptParts | undefined {
  const prefixes = prefixesOf(workspace);
  const toPath = (kept: string): string => {
    const [prefix, folder] = prefixes.find(([prefix]) => kept.startsWith(prefix)) ?? ['', ''];
    return folder + kept.slice(prefix.length);
  };
  try {
    const kept = parsed(readFileSync(pathOf(store, keyHash), 'utf8'));
    return kept && withPaths(kept, toPath);
  } catch {
    return undefined;
  }
}

function pathOf(store: Store, keyHash: string): string {
  return join(store.root, 'parts.v1', keyHash.slice(0, 2), `${keyHash}.json`);
}

/** How a kept path begins, and the folder that this stands for. */
function prefixesOf(workspace: string): readonly (readonly [prefix: string, folder: string])[] {
  return [
    ['workspace:', join(workspace, '/')],
    ['dsmb:', OWN_PACKAGE],
  ];
}

/** With every path of a file on the disk changed. */
function withPaths({ parts, declared }: KeptParts, change: (path: string) => string): KeptParts {
  const { location } = declared;
  return {
    parts: parts.map((part) => ({
      ...part,
      ...(part.kind === 'step' ? { name: change(part.name) } : {}),
      ...(part.origin ? { origin: originWithPaths(part.origin, change) } : {}),
      ...(part.modules ? { modules: mapped(part.modules, (path, hash) => [change(path), hash]) } : {}),
    })),
    declared: location ? { ...declared, location: { ...location, file: change(location.file) } } : declared,
  };
}

function originWithPaths(origin: PartOrigin, change: (path: string) => string): PartOrigin {
  if (origin.type === 'source') return { ...origin, path: change(origin.path) };
  if (origin.type !== 'compose') return origin;
  return { ...origin, entries: mapped(origin.entries, (at, of) => [at, originWithPaths(of, change)]) };
}

function mapped<T>(
  record: Readonly<Record<string, T>>,
  change: (key: string, value: T) => readonly [string, T],
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => change(key, value)));
}

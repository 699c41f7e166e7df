/** The store as a whole: where it is, and its parts. */
import { lstatSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ActionCache } from './action-cache.ts';
import { Cas } from './cas.ts';
import { makeFolder, removeTree } from './files.ts';
import { Locks } from './locks.ts';
import { TreeFolders } from './materialise.ts';
import { Presence } from './presence.ts';
import { livenessOf } from './processes.ts';
import { Roots } from './roots.ts';
import { SourceDigests } from './sources.ts';
import { Trees } from './tree.ts';
import { noteEveryUse } from './uses.ts';
import { Looks } from './ways.ts';

/** What a process of another container left is swept when nothing was done to it for this long. */
const FOREIGN_LEFTOVER_MS = 24 * 60 * 60 * 1000;

/** A store that somebody has made beforehand keeps its mode: so it is shared. */
const FOR_ITS_USER = 0o700;

export class Store {
  readonly root: string;
  /** Where fetched packages lie. Stores may share it: each file there is checked before it is used. */
  readonly downloads: string;
  readonly cas: Cas;
  readonly trees: Trees;
  readonly actions: ActionCache;
  readonly folders: TreeFolders;
  readonly sources: SourceDigests;
  readonly locks: Locks;
  readonly presence: Presence;
  readonly roots: Roots;
  /** What this process has seen of sources and steps. */
  readonly looks = new Looks();

  constructor(root: string, downloads = downloadsRoot(root)) {
    for (const folder of [root, downloads]) makeFolder(folder, FOR_ITS_USER);
    this.root = root;
    this.downloads = downloads;
    this.cas = new Cas(root);
    this.trees = new Trees(this.cas);
    this.actions = new ActionCache(root, this.trees);
    this.folders = new TreeFolders(root, this.cas, this.trees);
    this.sources = new SourceDigests(root);
    this.locks = new Locks(root);
    this.presence = new Presence(root);
    this.roots = new Roots(root);
  }

  /** Says that a build uses the store: until this is disposed of, nothing that the build looks at is garbage. */
  use(): Disposable {
    const presence = this.presence.enter('build');
    if (this.presence.all().some(({ role }) => role === 'collection')) noteEveryUse();
    return presence;
  }

  /** A folder of the store by name, made when missing. */
  folder(...names: string[]): string {
    const path = join(this.root, ...names);
    makeFolder(path);
    return path;
  }

  /**
   * Removes what processes that are gone have left: names begin with the process's token. Results that they had finished
   * stay: the next build publishes them.
   */
  async sweep(): Promise<void> {
    await this.locks.sweep();
    const finished = new Set(this.actions.left().map(({ path }) => path));
    for (const folder of ['incoming', 'sandboxes'])
      for (const name of readdirSync(this.folder(folder))) {
        const path = join(this.root, folder, name);
        if (!finished.has(path) && isLeftover(name, path)) removeTree(path);
      }
  }
}

/** The store's place: `DSMB_STORE`, or `dsmb` in the user's cache folder. */
export function storeRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env['DSMB_STORE']) return resolve(env['DSMB_STORE']);
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'dsmb');
}

/** The downloads' place: `DSMB_DOWNLOADS`, or a folder of the store. */
function downloadsRoot(root: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env['DSMB_DOWNLOADS'] || join(root, 'debian'));
}

function isLeftover(name: string, path: string): boolean {
  const liveness = livenessOf(name);
  if (liveness !== 'unknown') return liveness === 'dead';
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > FOREIGN_LEFTOVER_MS;
}

/** The store as a whole: where it is, and its parts. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ActionCache } from './action-cache.ts';
import { Cas } from './cas.ts';
import { TreeFolders } from './materialise.ts';
import { SourceDigests } from './sources.ts';
import { Trees } from './tree.ts';

export class Store {
  readonly root: string;
  /** Where fetched packages lie. Stores may share it: each file there is checked before it is used. */
  readonly downloads: string;
  readonly cas: Cas;
  readonly trees: Trees;
  readonly actions: ActionCache;
  readonly folders: TreeFolders;
  readonly sources: SourceDigests;

  constructor(root: string, downloads = downloadsRoot(root)) {
    for (const folder of [root, downloads]) mkdirSync(folder, { recursive: true });
    this.root = root;
    this.downloads = downloads;
    this.cas = new Cas(root);
    this.trees = new Trees(this.cas);
    this.actions = new ActionCache(root, this.trees);
    this.folders = new TreeFolders(root, this.cas, this.trees);
    this.sources = new SourceDigests(root);
  }

  /** A folder of the store by name, made when missing. */
  folder(...names: string[]): string {
    const path = join(this.root, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Removes what processes that are gone have left: names begin with the process id. */
  sweep(): void {
    for (const folder of ['incoming', 'sandboxes'])
      for (const name of readdirSync(this.folder(folder))) {
        const pid = Number.parseInt(name, 10);
        if (!alive(pid)) rmSync(join(this.root, folder, name), { recursive: true, force: true });
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

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

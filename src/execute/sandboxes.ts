/**
 * The folders that actions run in, below the store so that outputs can be renamed into it. Making folders costs more
 * than a small action does, so one that has served is used again: but for what an action can have touched.
 */
import { lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { removeTree } from '../../cache/files.ts';
import { processToken } from '../../cache/processes.ts';
import type { Store } from '../../cache/store.ts';
import type { PlannedAction } from '../plan/key.ts';

/** The folders of one run of an action. */
export interface Sandbox extends Disposable {
  readonly folder: string;
  /** Read-only for the action. */
  readonly in: string;
  readonly dsmb: string;
  readonly out: string;
  readonly tmp: string;
  readonly log: string;
}

/** What is laid out for an action. */
type Laid = Pick<PlannedAction, 'inputs' | 'files'>;
type InputFolders = 'links' | 'mounts';

export class Sandboxes implements Disposable {
  readonly #store: Store;
  readonly #all = new Set<Folders>();
  readonly #free: Folders[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Lays out the inputs of an action. Files are hard links into the store, folders are full of them, or a place where
   * they can be mounted.
   */
  layOut(action: Laid, inputFolders: InputFolders = 'mounts'): Sandbox {
    const folders = this.#free.pop() ?? new Folders(this.#store.folder('sandboxes'));
    this.#all.add(folders);
    folders.prepare();
    const { folder, in: inputs, dsmb, out, tmp, log } = folders;
    const sandbox = { folder, in: inputs, dsmb, out, tmp, log, [Symbol.dispose]: () => this.#takeBack(folders) };
    this.add(sandbox, action, inputFolders);
    return sandbox;
  }

  /** Lays out more inputs. A process that runs in the sandbox sees them, but for what would have to be mounted. */
  add(sandbox: Sandbox, { inputs, files }: Laid, inputFolders: InputFolders): void {
    for (const [name, node] of inputs) {
      const path = join(sandbox.in, name);
      if (node.type === 'directory' && inputFolders === 'mounts') mkdirSync(path);
      else this.#store.folders.link(node, path);
    }
    for (const [name, node] of files) this.#store.folders.link(node, join(sandbox.dsmb, name));
  }

  #takeBack(folders: Folders): void {
    if (!this.#all.has(folders)) return;
    folders.clean();
    this.#free.push(folders);
  }

  /** Removes them all, also those that a process still has: it is about to end. */
  [Symbol.dispose](): void {
    for (const { folder } of this.#all) removeTree(folder);
    this.#all.clear();
    this.#free.length = 0;
  }
}

class Folders {
  readonly folder: string;
  readonly in: string;
  readonly dsmb: string;
  readonly out: string;
  readonly tmp: string;
  readonly log: string;
  /** The empty `tmp` as it was made. Nobody can set the time of its last change back. */
  #tmpAsMade: string | undefined;

  constructor(parent: string) {
    this.folder = join(parent, `${processToken()}-${randomBytes(6).toString('hex')}`);
    const of = (name: string): string => join(this.folder, name);
    [this.in, this.dsmb, this.out, this.tmp, this.log] = [of('in'), of('dsmb'), of('out'), of('tmp'), of('log')];
    for (const path of [this.folder, this.in, this.dsmb]) mkdirSync(path);
  }

  prepare(): void {
    mkdirSync(this.out);
    if (this.#tmpAsMade !== undefined) return;
    mkdirSync(this.tmp);
    this.#tmpAsMade = stateOf(this.tmp);
  }

  clean(): void {
    for (const folder of [this.in, this.dsmb]) empty(folder);
    removeFolder(this.out);
    rmSync(this.log, { force: true });
    if (stateOf(this.tmp) === this.#tmpAsMade) return;
    this.#tmpAsMade = undefined;
    removeFolder(this.tmp);
  }
}

/** The clock of a file system may be coarse: what a change within one tick would leave is looked at as well. */
function stateOf(folder: string): string {
  const { ctimeMs, mode } = lstatSync(folder);
  const names = mode & 0o400 ? readdirSync(folder).length : 'locked';
  return `${ctimeMs} ${mode} ${names}`;
}

function empty(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeFolder(path);
    else unlinkSync(path);
  }
}

/** Most are empty by now. */
function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    removeTree(path);
  }
}

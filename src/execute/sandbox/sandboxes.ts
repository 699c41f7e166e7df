/**
 * The folders that actions run in, below the store so that outputs can be renamed into it. Making folders costs more
 * than a small action does, so one that has served is used again: but for what an action can have touched.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { removeTree } from '../../../cache/files.ts';
import { processToken } from '../../../cache/processes.ts';
import { areSameStamps, seal, SEAL_TIME, stampOf, type Stamp } from '../../../cache/stamps.ts';
import type { Store } from '../../../cache/store.ts';
import type { PlannedAction } from '../../plan/key.ts';
import type { BubblewrapFiles } from './bubblewrap-files.ts';
import { ownDevices } from './devices.ts';
import { seccompFilter } from './seccomp/filter.ts';

/** Empty folders of earlier actions that a sandbox keeps. */
const MOST_SPENT = 1000;

/** The folders of one run of an action. */
export interface Sandbox extends Disposable {
  readonly folder: string;
  /** Read-only for the action. */
  readonly in: string;
  readonly dsmb: string;
  readonly out: string;
  readonly tmp: string;
  readonly log: string;
  /** What bubblewrap reads and writes; the action sees none of it. */
  readonly bubblewrap: BubblewrapFiles;
  /** Devices of its own, in place of the machine's. */
  readonly devices: ReadonlyMap<string, string>;
  /** Its folders are to serve nobody else: somebody may have them open. */
  retire(): void;
}

/** What is laid out for an action. */
type Laid = Pick<PlannedAction, 'inputs' | 'files'>;
type InputFolders = 'links' | 'mounts';

export class Sandboxes implements Disposable {
  readonly #store: Store;
  readonly #all = new Set<Folders>();
  readonly #free: Folders[] = [];
  #devices: ReadonlyMap<string, string> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Lays out the inputs of an action. Files are hard links into the store, folders are full of them, or a place where
   * they can be mounted.
   */
  layOut(action: Laid, inputFolders: InputFolders = 'mounts'): Sandbox {
    const devices = (this.#devices ??= ownDevices(this.#store));
    const folders =
      this.#free.pop() ?? new Folders(this.#store.folder('sandboxes'), devices.get('null') ?? '/dev/null');
    this.#all.add(folders);
    folders.prepare();
    const { folder, in: inputs, dsmb, out, tmp, log, bubblewrap } = folders;
    const paths = { folder, in: inputs, dsmb, out, tmp, log, bubblewrap };
    const sandbox = {
      ...paths,
      devices,
      retire: () => void (folders.isRetired = true),
      [Symbol.dispose]: () => this.#takeBack(folders),
    };
    this.add(sandbox, action, inputFolders);
    // When it was laid out is nothing that the action should see.
    seal(inputs, SEAL_TIME);
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
    if (folders.isRetired) {
      this.#all.delete(folders);
      return removeTree(folders.folder);
    }
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

const FILTER = seccompFilter();

class Folders {
  readonly folder: string;
  readonly in: string;
  readonly dsmb: string;
  readonly tmp: string;
  readonly log: string;
  readonly bubblewrap: BubblewrapFiles;
  isRetired = false;
  /** Those of earlier actions, which are empty. */
  readonly #spent: string[] = [];
  #runs = 0;
  /** The empty `tmp` as it was made. */
  #tmpAsMade: Stamp | undefined;

  constructor(parent: string, input: string) {
    this.folder = join(parent, `${processToken()}-${randomBytes(6).toString('hex')}`);
    const of = (name: string): string => join(this.folder, name);
    [this.in, this.dsmb, this.tmp, this.log] = [of('in'), of('dsmb'), of('tmp'), of('log')];
    this.bubblewrap = { input, filter: of('filter'), status: of('status') };
    for (const path of [this.folder, this.in, this.dsmb]) mkdirSync(path);
    writeFileSync(this.bubblewrap.filter, FILTER);
  }

  /** The one of this run. */
  get out(): string {
    return join(this.folder, `out${this.#runs}`);
  }

  prepare(): void {
    this.#runs++;
    mkdirSync(this.out);
    if (this.#tmpAsMade !== undefined) return;
    mkdirSync(this.tmp);
    this.#tmpAsMade = stampOf(this.tmp);
  }

  clean(): void {
    for (const folder of [this.in, this.dsmb]) empty(folder);
    this.#spend(this.out);
    if (existsSync(this.log)) unlinkSync(this.log);
    if (this.#tmpAsMade && isAsMade(this.tmp, this.#tmpAsMade)) return;
    this.#tmpAsMade = undefined;
    removeFolder(this.tmp);
  }

  /**
   * An empty folder goes together with others: its file system takes longer to remove one than to make one, and then makes
   * a detour around the inodes of those that went a moment ago.
   */
  #spend(folder: string): void {
    if (readdirSync(folder).length > 0) return removeFolder(folder);
    this.#spent.push(folder);
    if (this.#spent.length === MOST_SPENT) for (const one of this.#spent.splice(0)) removeFolder(one);
  }
}

/** What came and went within one step of the file system's clock has left nothing; what stayed is looked for. */
function isAsMade(folder: string, asMade: Stamp): boolean {
  return areSameStamps(stampOf(folder), asMade) && readdirSync(folder).length === 0;
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

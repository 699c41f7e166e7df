/** What starts the processes of actions. It may begin before it is known which actions these are. */
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { HeadStarts, type Early } from './head-starts.ts';
import { BUBBLEWRAP, hostProgram } from './host-program.ts';
import { Sandboxes } from '../sandbox/sandboxes.ts';
import { Spawner } from './spawner.ts';

type Directory = Node & { readonly type: 'directory' };

/** What the first step of a build waited in. */
export interface FirstStep extends Early {
  /** The tree that has bubblewrap. */
  readonly tools: Directory;
}

export class Starts implements Disposable {
  readonly spawner = new Spawner();
  readonly sandboxes: Sandboxes;
  readonly headStarts: HeadStarts;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.sandboxes = new Sandboxes(store);
    this.headStarts = new HeadStarts(store, this.sandboxes, this.spawner);
  }

  /**
   * Something will most likely run: the helper starts, and a process for the step that the last build of the family began
   * with, since this one may begin with it too.
   */
  guess(first: FirstStep | undefined): void {
    this.spawner.warmUp();
    if (!first) return;
    const mounted = [first.tools, first.base, ...first.inputs.values()];
    // What would have to be laid out takes longer than it would spare.
    if (mounted.every((node) => node.type !== 'directory' || this.#store.folders.has(node)))
      this.headStarts.guess(first, bubblewrapOf(this.#store, first.tools));
  }

  [Symbol.dispose](): void {
    this.headStarts[Symbol.dispose]();
    this.spawner[Symbol.dispose]();
    this.sandboxes[Symbol.dispose]();
  }
}

/** The start of a bubblewrap command line: the program from its tree, with its own libraries. */
export function bubblewrapOf(store: Store, tools: Directory): readonly string[] {
  return hostProgram(store.folders.folder(tools), BUBBLEWRAP);
}

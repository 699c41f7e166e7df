/** What other machines have made, as a build sees it: the remote cache, where there is one that it may use. */
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { RemoteCache } from '../../cache/remote/remote-cache.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { PlannedAction } from '../plan/key.ts';
import type { Unpacking } from '../plan/unpacked-set.ts';

export class Elsewhere {
  readonly #store: Store;
  readonly #remote: RemoteCache | undefined;

  constructor(store: Store, remote?: RemoteCache) {
    this.#store = store;
    this.#remote = remote;
  }

  /** The result of an action, its files still where they are; undefined for a miss. */
  async result(action: PlannedAction): Promise<ResultData | undefined> {
    return isShared(action) ? this.#remote?.result(action) : undefined;
  }

  /** Gives a result of this store to others, beside the build. */
  offer(action: PlannedAction, result: ResultData): void {
    if (isShared(action)) this.#remote?.offer(action, result);
  }

  /** The tree that a set of packages is unpacked to. `remember` is called at the end where all of it has come. */
  async tree(unpacking: () => Unpacking, remember: (tree: Node) => void): Promise<Node | undefined> {
    return this.#remote?.tree(unpacking(), remember);
  }

  /** Gives the tree of a set to others, where all of it is here. */
  offerTree(unpacking: () => Unpacking, tree: Node): void {
    if (!this.#remote || !this.#store.trees.complete(tree)) return;
    const action = unpacking();
    const outputs = new Map(action.command.outputs.map(({ path }) => [path, tree]));
    this.#remote.offer(action, { outputs, log: undefined, startedAt: 0, durationMs: 0, worker: '' });
  }

  /** Brings what the store lacks of nodes. What cannot be had is a `BLOB_MISSING` failure. */
  async bring(nodes: Iterable<Node>): Promise<void> {
    await this.#remote?.bring(nodes);
  }

  /** Brings all that an action reads. */
  async bringInputs({ base, inputs }: Pick<PlannedAction, 'base' | 'inputs'>): Promise<void> {
    await this.#remote?.bring([base, ...inputs.values()]);
  }

  /** Whether all of a node is in the store, or can be brought. */
  isInReach(node: Node): boolean {
    return this.#remote?.isInReach(node) ?? this.#store.trees.complete(node);
  }
}

/** One with a salt was asked for as a run of its own. */
function isShared({ salt }: PlannedAction): boolean {
  return salt === '';
}

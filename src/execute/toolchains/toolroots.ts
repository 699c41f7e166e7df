/** The roots that actions get from toolchains: Debian package trees, and the pinned Node for steps. */
import type { Store } from '../../../cache/store.ts';
import { TreeConflict, type Node } from '../../../cache/tree.ts';
import type { ActionNode } from '../../analysis/action.ts';
import { contentOf, describe, allDone, type Producers } from '../../plan/content.ts';
import { baseOf } from '../../plan/key.ts';
import { sourceNode } from '../../plan/source.ts';
import { nodeBinary, nodeLibraries, sandboxTools } from '../../plan/runtime.ts';
import type { DebianAttributes } from '../../model/builtin.ts';
import { setKey, type PackageSet } from '../../toolchain/index.ts';
import { BUBBLEWRAP, partForHost } from '../process/host-program.ts';
import type { PackageTrees } from './package-trees.ts';
import { namedConflict, type MergedToolchain } from './toolchain-conflict.ts';

export class Toolroots {
  readonly #store: Store;
  readonly #trees: PackageTrees;
  /** Digests of toolchains that are known to go together. */
  readonly #merging = new Set<string>();

  constructor(store: Store, trees: PackageTrees) {
    this.#store = store;
    this.#trees = trees;
  }

  packages(...set: Parameters<Producers['debian']>): Promise<Node> {
    return this.#trees.of(...set);
  }

  /** The toolchains of an action; a step has Node beside its own. Fails where they do not go together. */
  async of(action: ActionNode, producers: Producers, unsandboxed = false): Promise<Node[]> {
    if (action.work.type === 'write') return [];
    // The machine's programs and libraries take their place, but for the pinned Node.
    if (unsandboxed) return action.work.type === 'step' ? [this.#nodeAlone()] : [];
    const own = action.toolchains.map((toolchain) => contentOf(this.#store, toolchain, producers));
    const runtime = action.work.type === 'step' ? [this.#node()] : [];
    const nodes = await allDone([...own, ...runtime]);
    await this.#requireMerging(action, nodes);
    return nodes;
  }

  /** The toolchain that has a path, of those that are there. */
  toolchainWith(path: string): readonly string[] | undefined {
    return this.#trees.toolchainWith(path);
  }

  /** After a blob was found missing: sees to it that broken package trees are made again. */
  forgetBroken(): Promise<void> {
    return this.#trees.forgetBroken();
  }

  /** The tree that holds bubblewrap, and what it needs to run. */
  async sandboxTree(): Promise<Node & { type: 'directory' }> {
    const toolchain = await this.#debian(sandboxTools.attributes as unknown as DebianAttributes);
    const tree = partForHost(this.#store.trees, toolchain as Node & { type: 'directory' }, BUBBLEWRAP);
    await this.#trees.bring(tree);
    return tree;
  }

  async #requireMerging(action: ActionNode, nodes: readonly Node[]): Promise<void> {
    const key = nodes.map((node) => (node.type === 'symlink' ? node.target : node.digest.hash)).join();
    if (this.#merging.has(key)) return;
    try {
      baseOf(this.#store, nodes);
    } catch (error) {
      if (!(error instanceof TreeConflict)) throw error;
      const toolchains = nodes.map((tree, index) => this.#named(action, index, tree));
      throw await namedConflict(this.#store, action, error.path, toolchains);
    }
    this.#merging.add(key);
  }

  /** A tree with what messages call it. After the action's own toolchains comes Node. */
  #named(action: ActionNode, index: number, tree: Node): MergedToolchain {
    const reference = action.toolchains[index];
    if (reference && reference.origin.type !== 'debian') return { tree, name: describe(reference), packages: [] };
    const set = (reference?.origin ?? nodeLibraries.attributes) as PackageSet;
    return { tree, name: `'${setKey(set)}'`, packages: this.#trees.lockedPackages(set) ?? [] };
  }

  async #node(): Promise<Node> {
    const libraries = await this.#debian(nodeLibraries.attributes as unknown as DebianAttributes);
    return this.#store.trees.merge([libraries, this.#nodeAlone()]);
  }

  #nodeAlone(): Node {
    const binary = sourceNode(this.#store, nodeBinary(), 'node');
    return this.#store.trees.build([['usr/bin/node', { ...binary, executable: true } as Node]]);
  }

  #debian({ packages, closure }: DebianAttributes): Promise<Node> {
    return this.#trees.of(packages, closure);
  }
}

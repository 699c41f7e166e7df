/** Builds in this process: the engine as the command line uses it, without its start and its reports. */
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { Analysis } from '../../src/analysis/analyse.ts';
import { validationsOf } from '../../src/analysis/targets-below.ts';
import { Build } from '../../src/execute/build.ts';
import { Machine } from '../../src/execute/machine.ts';
import { PackageTrees } from '../../src/execute/toolchains/package-trees.ts';
import { Toolroots } from '../../src/execute/toolchains/toolroots.ts';
import type { Outcome } from '../../src/model/event.ts';
import { splitLabel } from '../../src/model/label.ts';
import type { TestStore } from '../rig/index.ts';
import { file, folder, link, shortened, type Content } from './model/content.ts';
import type { Builder, Done, Running } from './builder.ts';
import type { Spec } from './model/spec.ts';
import { declare, type Declared } from './targets.ts';
import type { Workspace } from './workspace.ts';

export class Engine implements Builder, Disposable {
  readonly #test: TestStore;
  readonly #lockFile: string;
  readonly #machine: Machine;

  constructor(test: TestStore, lockFile: string) {
    this.#test = test;
    this.#lockFile = lockFile;
    const store = new Store(test.folder);
    // One helper process for all builds: it is what takes long to start.
    this.#machine = new Machine(store, this.#toolroots(store));
  }

  start({ root }: Workspace, spec: Spec, asked: readonly number[], keepGoing: boolean): Running {
    const stop = new AbortController();
    const declared = declare(spec, root);
    const finished = this.#build(declared, asked, { value: spec.parameter, keepGoing, signal: stop.signal });
    return { finished, end: () => stop.abort() };
  }

  /** Sandboxes may wait for the next action until the machine is disposed of. */
  leftovers(): Promise<string[]> {
    return Promise.resolve(['incoming', 'present.v1'].flatMap((folder) => this.#test.names(folder)));
  }

  /** The store is opened anew: what an earlier build remembers is on disk. */
  async #build(
    { targets, labels, parameter }: Declared,
    asked: readonly number[],
    options: { readonly value: string; readonly keepGoing: boolean; readonly signal: AbortSignal },
  ): Promise<Done> {
    const { value, keepGoing, signal } = options;
    const store = new Store(this.#test.folder);
    using _use = store.use();
    const analysis = new Analysis(labels, new Map([[parameter, value]]));
    const analysed = asked.map((index) => analysis.target(targets[index]!));
    const outcomes: [string, Outcome][] = [];
    const build = new Build(store, this.#toolroots(store), this.#machine, {
      keepGoing,
      signal,
      onEvent: (event) => {
        if (event.type === 'action-finished') outcomes.push([splitLabel(event.label).name, event.outcome]);
      },
    });
    const { success, artifacts, failures } = await build.run(analysed, validationsOf(analysed));
    store.sources.save();
    const contents = new Map([...artifacts].map(([label, node]) => [splitLabel(label).name, contentOf(store, node)]));
    const said = failures.map(({ code, message }) => `${code} ${message}`).join('\n');
    return { success, outcomes, tellsCached: true, contents, said };
  }

  #toolroots(store: Store): Toolroots {
    const context = { lockFile: this.#lockFile, frozen: true, warn: () => {} };
    return new Toolroots(store, new PackageTrees(store, context, () => {}));
  }

  [Symbol.dispose](): void {
    this.#machine[Symbol.dispose]();
  }
}

/** Reads a node with each of its blobs verified. */
function contentOf(store: Store, node: Node): Content {
  switch (node.type) {
    case 'symlink':
      return link(node.target);
    case 'file':
      return file(shortened(store.cas.read(node.digest).toString()), node.executable);
    case 'directory': {
      const entries = [...store.trees.entries(node.digest)];
      return folder(Object.fromEntries(entries.map(([name, entry]) => [name, contentOf(store, entry)])));
    }
  }
}

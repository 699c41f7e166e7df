/** Builds as the store and the history know them, made without running anything: for what looks at them afterwards. */
import { join } from 'node:path';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { nodeValue, type Part, type PartOrigin } from '../../src/plan/parts.ts';
import { formatDigest, type Digest } from '../../src/model/digest.ts';
import { parseLabel } from '../../src/model/label.ts';
import { BuildHistory, historyFolder } from '../../src/report/history/history.ts';
import { BuildRecorder } from '../../src/report/history/recorder.ts';
import { keepParts } from '../../src/report/kept-parts.ts';

/** An action that has run. */
export interface StoredAction {
  readonly label: string;
  readonly mnemonic: string;
  /** Among those of its target with its mnemonic; by default, the first. */
  readonly ordinal?: number;
  readonly inputs: Readonly<Record<string, { readonly node: Node; readonly origin: PartOrigin }>>;
  readonly outputs: Readonly<Record<string, Node>>;
}

export class StoredBuilds {
  readonly store: Store;
  readonly root: string;
  #count = 0;

  constructor(folder: string) {
    this.store = new Store(join(folder, 'store'));
    this.root = join(folder, 'workspace');
  }

  get history(): BuildHistory {
    return new BuildHistory(historyFolder(this.store, this.root));
  }

  file(content: string | Uint8Array): Node {
    return { type: 'file', digest: this.store.cas.put(Buffer.from(content)), executable: false };
  }

  /** A folder of this machine as a tree. */
  tree(folder: string): Node {
    const entries = readdirSync(folder).map((name) => {
      const path = join(folder, name);
      return [name, statSync(path).isDirectory() ? this.tree(path) : this.file(readFileSync(path))] as const;
    });
    return this.store.trees.store(new Map(entries));
  }

  /** Records a build of these actions, which gets a name that is later than those before. */
  record(startedAt: number, actions: readonly StoredAction[]): string {
    const header = { workspace: this.root, asked: [actions.at(-1)!.label], parameters: {}, startedAt };
    const recorder = new BuildRecorder(historyFolder(this.store, this.root), header);
    for (const action of actions) {
      const key = this.#run(action);
      recorder.listen({
        ...{ type: 'action-finished', outcome: 'executed', durationMs: 5, key: formatDigest(key) },
        ...{ label: parseLabel(action.label), mnemonic: action.mnemonic, ordinal: action.ordinal ?? 0 },
      });
    }
    const counts = { executed: actions.length, cached: 0, failed: 0, skipped: 0 };
    recorder.listen({ type: 'build-finished', success: true, durationMs: 10, counts });
    return recorder.build;
  }

  #run({ label, inputs, outputs }: StoredAction): Digest {
    const parts = Object.entries(inputs).map(([name, { node, origin }]): Part => {
      return { kind: 'input', name, value: nodeValue(node), origin };
    });
    const key = this.store.cas.put(Buffer.from(JSON.stringify([label, parts, this.#count++])));
    keepParts(this.store, this.root, key, { parts, declared: { rule: 'made', attributes: {} } });
    const nodes = Object.entries(outputs).map(([name, node]) => [`out/${name}`, node] as const);
    const ran = { log: undefined, startedAt: 0, durationMs: 5, worker: 'here' };
    this.store.actions.put(key, { outputs: new Map(nodes), ...ran });
    return key;
  }
}

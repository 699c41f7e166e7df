/** Bundles a step to one self-contained file, so that only code that the step reaches is in its action's key. */
import { join } from 'node:path';
import { captureBytes } from '../../cache/capture.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { modulePath } from '../model/own-files.ts';
import { memoryOf, recall, remember, type KnownBundle } from './bundle-memory.ts';
import { bundle, RUNNER } from './bundler.ts';

/** A step as one file, and the modules that it came from. */
interface Bundle {
  readonly node: Node;
  /** By path; in no key, but they name what changed when the bundle did. */
  readonly modules: ReadonlyMap<string, string>;
}

/** The bundles of one build: it looks at each module once, and so sees one version of each step. */
export class Bundles {
  readonly #store: Store;
  readonly #bundles = new Map<string, Promise<Bundle>>();
  constructor(store: Store) {
    this.#store = store;
  }

  /** What a step adds to the content of its action's key; nothing for other work. */
  async contentOf({ work }: ActionNode): Promise<{ bundle?: Node; modules?: Bundle['modules'] }> {
    if (work.type !== 'step') return {};
    const path = modulePath(work.module);
    const made = this.#bundles.get(path) ?? bundleStep(this.#store, path);
    this.#bundles.set(path, made);
    const { node, modules } = await made;
    return { bundle: node, modules };
  }

  /** The store may have lost some of them. */
  forget(): void {
    this.#bundles.clear();
  }
}

/** The bundle of a step's module as a file of the store. Remembered until something that went in changes. */
async function bundleStep(store: Store, path: string): Promise<Bundle> {
  const memory = memoryIn(store, path);
  const remembered = recall(memory, store.looks);
  const known = remembered && store.cas.has(remembered.digest) ? remembered : await bundleAnew(store, path, memory);
  LAST_USED.set(memory, known);
  return { node: { type: 'file', digest: known.digest, executable: false }, modules: known.modules };
}

async function bundleAnew(store: Store, path: string, memory: string): Promise<KnownBundle> {
  const startedAt = Date.now();
  const { code, inputs, requests } = await bundle(path);
  const { digest } = captureBytes(store.cas, code) as Node & { type: 'file' };
  return remember(memory, { digest, inputs, requests, startedAt }, store.looks);
}

/** By the file that remembers them. */
const LAST_USED = new Map<string, KnownBundle>();

function memoryIn(store: Store, path: string): string {
  return memoryOf(join(store.root, 'bundles.v1'), RUNNER, path);
}

/** Paths of all that the bundle rests on which was last used of a step, there or not; undefined where it is not known. */
export function bundleRestsOn(store: Store, module: URL): readonly string[] | undefined {
  const memory = memoryIn(store, modulePath(module));
  return (LAST_USED.get(memory) ?? recall(memory, store.looks))?.places;
}

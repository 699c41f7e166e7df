/** What a target's artifact is, as far as results in the store tell: nothing runs and nothing is fetched. */
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode, ArtifactReference } from '../analysis/action.ts';
import { Bundles } from './bundle.ts';
import { contentOf, type Producers } from './content.ts';
import { planAction } from './key.ts';

/** Trees of packages that are in the store already; anything else must reject. */
export interface StoredToolchains {
  readonly packages: Producers['debian'];
  of(action: ActionNode, producers: Producers, unsandboxed?: boolean): Promise<Node[]>;
}

/** On its way up from what is stale through all that depends on it. */
class NotBuilt extends Error {}

/** The node of an artifact; undefined when something that it is made of has no result, so that a build would run it. */
export async function cachedNode(
  store: Store,
  artifact: ArtifactReference,
  toolchains: StoredToolchains,
): Promise<Node | undefined> {
  const planned = new Map<ActionNode, Promise<ReadonlyMap<string, Node>>>();
  const bundles = new Bundles(store);
  const producers: Producers = {
    action(action) {
      const outputs = planned.get(action) ?? cachedOutputs(store, action, toolchains, producers, bundles);
      planned.set(action, outputs);
      return outputs;
    },
    debian: (...set) => toolchains.packages(...set).catch(notBuilt),
  };
  try {
    return await contentOf(store, artifact, producers);
  } catch (error) {
    if (error instanceof NotBuilt) return undefined;
    throw error;
  }
}

async function cachedOutputs(
  store: Store,
  action: ActionNode,
  toolchains: StoredToolchains,
  producers: Producers,
  bundles: Bundles,
): Promise<ReadonlyMap<string, Node>> {
  const inputs = new Map<string, Node>();
  for (const [name, input] of action.inputs) inputs.set(name, await contentOf(store, input, producers));
  const roots = await toolchains.of(action, producers).catch(notBuilt);
  const { key } = planAction(store, action, { inputs, toolchains: roots, ...(await bundles.contentOf(action)) });
  const result = store.actions.get(key) ?? notBuilt();
  return new Map(
    Object.entries(action.outputs).map(([output, { name }]) => [
      output,
      result.outputs.get(`out/${name}`) ?? notBuilt(),
    ]),
  );
}

function notBuilt(): never {
  throw new NotBuilt();
}

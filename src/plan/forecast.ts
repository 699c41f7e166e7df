/** What a build would do, as far as it can be known without running anything. */
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode, ArtifactReference } from '../analysis/action.ts';
import { makersOf } from '../analysis/action-graph.ts';
import { fail, Failure } from '../model/diagnostic.ts';
import { Bundles } from './bundle.ts';
import type { StoredToolchains } from './cached.ts';
import { contentOf, type Producers } from './content.ts';
import { planAction, type PlannedAction } from './key.ts';

/** What would become of an action. */
export type Forecast =
  | { readonly state: 'cached'; readonly planned: PlannedAction; readonly result: ResultData }
  | { readonly state: 'runs'; readonly planned: PlannedAction }
  /** Its key is known only when these have run. */
  | { readonly state: 'unknown'; readonly waitsFor: readonly ActionNode[] }
  /** Packages of its toolchains are not in the store: what they come to is not known. */
  | { readonly state: 'unfetched' };

class Unfetched extends Error {}

/** Forecasts actions. Sources are read into the store, as a build does; packages must be there already. */
export class Forecaster {
  readonly #store: Store;
  readonly #toolchains: StoredToolchains;
  readonly #machine: string | undefined;
  readonly #known = new Map<ActionNode, Promise<Forecast>>();
  readonly #producers: Producers;
  readonly #bundles: Bundles;

  /** `machine`: of actions without a sandbox, the one that they would run on. */
  constructor(store: Store, toolchains: StoredToolchains, machine?: string) {
    this.#store = store;
    this.#toolchains = toolchains;
    this.#machine = machine;
    this.#bundles = new Bundles(store);
    this.#producers = {
      action: (action) => this.#outputs(action),
      debian: (...set) => toolchains.packages(...set).catch(unfetched),
    };
  }

  of(action: ActionNode): Promise<Forecast> {
    const known = this.#known.get(action) ?? this.#forecast(action);
    this.#known.set(action, known);
    return known;
  }

  async #forecast(action: ActionNode): Promise<Forecast> {
    try {
      return await this.#lookUp(action);
    } catch (error) {
      if (error instanceof Unfetched) return { state: 'unfetched' };
      throw error;
    }
  }

  async #lookUp(action: ActionNode): Promise<Forecast> {
    const waitsFor = await this.#withoutResult([...action.inputs.values(), ...action.toolchains]);
    if (waitsFor.length > 0) return { state: 'unknown', waitsFor };
    const inputs = new Map<string, Node>();
    for (const [name, input] of action.inputs) inputs.set(name, await contentOf(this.#store, input, this.#producers));
    const machine = action.work.type === 'write' ? undefined : this.#machine;
    const toolchains = await this.#toolchains.of(action, this.#producers, machine !== undefined).catch(unfetched);
    const step = await this.#bundles.contentOf(action);
    const content = { inputs, toolchains, ...step, ...(machine ? { machine } : {}) };
    const planned = planAction(this.#store, action, content);
    const result = this.#store.actions.get(planned.key);
    return result ? { state: 'cached', planned, result } : { state: 'runs', planned };
  }

  /** The actions that make artifacts and have no result. */
  async #withoutResult(artifacts: readonly ArtifactReference[]): Promise<ActionNode[]> {
    const without: ActionNode[] = [];
    for (const action of makersOf(artifacts)) if ((await this.of(action)).state !== 'cached') without.push(action);
    return without;
  }

  async #outputs(action: ActionNode): Promise<ReadonlyMap<string, Node>> {
    const forecast = await this.of(action);
    if (forecast.state !== 'cached') return fail('INTERNAL', `${action.label} was read before it has a result`);
    const { outputs } = forecast.result;
    return new Map(Object.entries(action.outputs).map(([key, { name }]) => [key, outputs.get(`out/${name}`)!]));
  }
}

/** What a build would fetch. Toolchains that do not go together are an error of the build as well. */
function unfetched(error: unknown): never {
  if (error instanceof Failure && error.diagnostic.code === 'TREE_CONFLICT') throw error;
  throw new Unfetched();
}

/** What a build would do, as far as it can be known without running anything. */
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { stepContent } from './bundle.ts';
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

/** On its way up from an action without a result. */
class Unknown extends Error {
  readonly action: ActionNode;
  constructor(action: ActionNode) {
    super();
    this.action = action;
  }
}

class Unfetched extends Error {}

/** Forecasts actions. Sources are read into the store, as a build does; packages must be there already. */
export class Forecaster {
  readonly #store: Store;
  readonly #toolchains: StoredToolchains;
  readonly #known = new Map<ActionNode, Promise<Forecast>>();
  readonly #producers: Producers;

  constructor(store: Store, toolchains: StoredToolchains) {
    this.#store = store;
    this.#toolchains = toolchains;
    this.#producers = {
      action: (action) => this.#outputs(action),
      debian: (packages, closure) => toolchains.packages(packages, closure).catch(unfetched),
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
    const waitsFor = new Set<ActionNode>();
    const inputs = new Map<string, Node>();
    for (const [name, input] of action.inputs) {
      const node = await contentOf(this.#store, input, this.#producers).catch(noteUnknown(waitsFor));
      if (node) inputs.set(name, node);
    }
    const toolchains = await this.#toolchains.of(action, this.#producers).catch((error: unknown) => {
      return error instanceof Unknown ? noteUnknown(waitsFor)(error) : unfetched();
    });
    if (waitsFor.size > 0 || !toolchains) return { state: 'unknown', waitsFor: [...waitsFor] };
    const step = await stepContent(this.#store, action);
    const planned = planAction(this.#store, action, { inputs, toolchains, ...step });
    const result = this.#store.actions.get(planned.key);
    return result ? { state: 'cached', planned, result } : { state: 'runs', planned };
  }

  async #outputs(action: ActionNode): Promise<ReadonlyMap<string, Node>> {
    const forecast = await this.of(action);
    if (forecast.state !== 'cached') throw new Unknown(action);
    const { outputs } = forecast.result;
    return new Map(Object.entries(action.outputs).map(([key, { name }]) => [key, outputs.get(`out/${name}`)!]));
  }
}

function noteUnknown(waitsFor: Set<ActionNode>): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Unknown)) throw error;
    waitsFor.add(error.action);
    return undefined;
  };
}

function unfetched(): never {
  throw new Unfetched();
}

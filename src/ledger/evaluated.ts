/**
 * A build that begins with the build files. Of the last build of its family, which may have had other values of
 * parameters or other build files, it takes over what is up to date.
 */
import { join } from 'node:path';
import { actionGraph, type ActionGraph } from '../analysis/action-graph.ts';
import { openProject, type Project } from '../analysis/project.ts';
import { buildable } from '../analysis/runnable.ts';
import { PARAMETERS_FILE } from '../load/parameters.ts';
import { sharedPlace } from '../load/shared-places.ts';
import { Failure } from '../model/diagnostic.ts';
import { isBecause, orBecause, type Because } from './because.ts';
import { resultLine, settledOf, type Entry } from './entry.ts';
import { groundOf } from './ground.ts';
import type { Ledger } from './ledger.ts';
import type { Opened, SettledBy } from './opened.ts';
import { look, readingsOf } from './readings.ts';
import { artifactsOf, scopeOf, type Scope } from './scope.ts';
import { standing } from './up-to-date.ts';
import { GraphWords } from './words.ts';

/** Evaluates the build files of a request. */
export async function evaluate(ledger: Ledger): Promise<Opened> {
  const { request } = ledger;
  const project = buildable(await openProject(request), request.operands);
  requirePlaces(project);
  const evaluated = new Evaluated(ledger, project);
  const taken = request.anew === undefined ? orBecause(() => evaluated.takeOver()) : undefined;
  const settled = taken && !isBecause(taken) ? taken : undefined;
  let prepared: ReturnType<Evaluated['prepare']> | undefined;
  const prepare = () => (prepared ??= orBecause(() => evaluated.prepare()));
  return {
    scope: settled ? { ...evaluated.scope, settled } : evaluated.scope,
    notes: taken && isBecause(taken) ? [{ ...taken, because: `it takes nothing over: ${taken.because}` }] : [],
    prepare,
    leave: (settledBy) => {
      const ready = prepare();
      return isBecause(ready) ? ready : ready(settledBy);
    },
  };
}

/** Each target that is asked for is delivered to a place of its own. */
function requirePlaces({ loaded, targets }: Project): void {
  for (const { label } of targets) {
    const shared = sharedPlace(loaded, label);
    if (shared) throw new Failure(shared);
  }
}

class Evaluated {
  readonly scope: Scope;
  readonly #ledger: Ledger;
  readonly #project: Project;
  #graph: readonly [ActionGraph, GraphWords] | undefined;

  constructor(ledger: Ledger, project: Project) {
    this.#ledger = ledger;
    this.#project = project;
    this.scope = scopeOf(project, ledger.request.skipValidations);
  }

  /** The actions that are up to date by what the last build of the family has left; undefined where there was none. */
  takeOver(): Scope['settled'] | Because | undefined {
    const { family, store } = this.#ledger;
    const entry = family.last === undefined ? undefined : this.#ledger.entry(family.last);
    if (!entry || isBecause(entry)) return entry;
    const { root, loaded } = this.#project;
    const [graph, words] = this.#words();
    const paths = new Set([...loaded.trace.modules, join(root, PARAMETERS_FILE)]);
    const now = standing(entry, store.looks, { words, paths });
    if (isBecause(now)) return now;
    const settled = graph.actions.entries().filter(([place]) => !now.open.has(place));
    return new Map(settled.map(([place, action]) => [action, settledOf(entry.results.at(place)!)]));
  }

  /**
   * Looks at what the build rests on: once all its actions are planned, since only then is it known which modules make a
   * step. Gives what makes the entry of what the actions gave.
   */
  prepare(): ((settledBy: SettledBy) => Entry) | Because {
    const { request, store } = this.#ledger;
    const ground = groundOf(request, store, this.#project);
    if (isBecause(ground)) return ground;
    const { root, settings } = this.#project;
    const { targets, gates } = this.scope;
    const [graph, words] = this.#words();
    const readings = [...readingsOf(artifactsOf(this.scope))];
    const entry = {
      ...{ id: crypto.randomUUID(), root, ground, words, settings: settings() },
      targets: targets.map(
        ({ label, artifact }) => [label, words.artifact(artifact), words.places(this.scope.actionsOf(label))] as const,
      ),
      gates: gates.map(({ label, artifact }) => [label, words.artifact(artifact)] as const),
      readings: readings.map(([reading, readers]) => [reading, words.places(readers)] as const),
      looked: readings.map(([reading]) => look(store, reading)),
    };
    return (settledBy) => ({ ...entry, results: graph.actions.map((action) => resultLine(settledBy(action)!)) });
  }

  #words(): readonly [ActionGraph, GraphWords] {
    if (this.#graph) return this.#graph;
    const graph = actionGraph(artifactsOf(this.scope));
    return (this.#graph = [graph, new GraphWords(graph)]);
  }
}

/** The execution phase: brings targets up to date, running only the actions whose keys have no result. */
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { inputsOf } from '../analysis/action-graph.ts';
import type { ActionNode, LabelledArtifact } from '../analysis/action.ts';
import { fail, type Diagnostic } from '../model/diagnostic.ts';
import type { Digest } from '../model/digest.ts';
import type { Listener } from '../model/event.ts';
import type { Label } from '../model/label.ts';
import { Bundles } from '../plan/bundle.ts';
import { contentOf, allDone, type Producers } from '../plan/content.ts';
import { planAction, type PlannedAction } from '../plan/key.ts';
import { Elsewhere } from './elsewhere.ts';
import { untilNothingIsLost } from './lost.ts';
import { Maker } from './maker.ts';
import { NextSteps } from './next-steps.ts';
import { Outcomes, Reported } from './outcomes.ts';
import { Progress, type Outputs, type Settled } from './progress.ts';
import type { Toolroots } from './toolchains/toolroots.ts';
import type { Machine } from './machine.ts';
import type { PastRuns } from './schedule/past-runs.ts';
import { Schedule } from './schedule/schedule.ts';

export interface BuildOptions {
  /** Goes on with what does not depend on a failed action. */
  readonly keepGoing: boolean;
  /** `recheck` will be asked for. */
  readonly willCheck?: boolean;
  /** Sets the results of an action apart: with a salt of its own it runs, whatever the store has. */
  readonly saltOf?: (action: ActionNode) => string;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  /** Actions that are known to be up to date: they are not looked at. */
  readonly settled?: ReadonlyMap<ActionNode, Settled>;
  /** Told of an action before it runs, with all that its key is made of. */
  readonly onPlanned?: (planned: PlannedAction) => void;
  /** What actions took before: for their order, and for how many run at a time. */
  readonly past?: PastRuns;
  /** What other machines have made. */
  readonly elsewhere?: Elsewhere;
  /** This many actions at a time; as many as the machine carries by default. */
  readonly jobs?: number;
  /** This many actions at a time on workers, where there are any. */
  readonly remoteJobs?: number;
}

/** What became of a build. */
export interface BuildResult {
  readonly success: boolean;
  readonly artifacts: ReadonlyMap<Label, Node>;
  readonly failures: readonly Diagnostic[];
}

export class Build {
  readonly #store: Store;
  readonly #machine: Machine;
  readonly #toolroots: Toolroots;
  readonly #options: BuildOptions;
  readonly #schedule: Schedule;
  readonly #elsewhere: Elsewhere;
  readonly #maker: Maker;
  readonly #progress: Progress;
  readonly #planMs = new Map<ActionNode, number>();
  /** Only where they are to be checked: they are larger than their keys. */
  readonly #planned = new Map<ActionNode, PlannedAction>();
  readonly #nextSteps: NextSteps;
  #asked: readonly LabelledArtifact[] = [];
  readonly #outcomes: Outcomes;
  readonly #producers: Producers;
  readonly #bundles: Bundles;

  constructor(store: Store, toolroots: Toolroots, machine: Machine, options: BuildOptions) {
    this.#store = store;
    this.#toolroots = toolroots;
    this.#machine = machine;
    this.#options = options;
    const { elsewhere = new Elsewhere(store) } = options;
    this.#elsewhere = elsewhere;
    this.#progress = new Progress((node) => elsewhere.isInReach(node), options.settled);
    this.#schedule = new Schedule(store.root, { ...options, placeOf: (action) => elsewhere.placeOf(action) });
    this.#outcomes = new Outcomes({
      ...{ root: store.root, keepGoing: options.keepGoing, signal: options.signal, onEvent: options.onEvent },
      keyOf: this.keyOf,
      isForced: (action) => Boolean(options.saltOf?.(action)),
      onFinished: (action) => this.#nextSteps.ended(action),
    });
    const { signal } = this.#outcomes;
    this.#producers = {
      action: (action) => this.#outputs(action),
      debian: (...set) => this.#toolroots.packages(...set),
    };
    this.#bundles = new Bundles(store);
    this.#nextSteps = new NextSteps({
      ...{ store, toolroots, machine, producers: this.#producers, bundles: this.#bundles },
      ...{ state: this.#progress, signal, elsewhere },
    });
    this.#maker = new Maker({
      ...{ store, machine, schedule: this.#schedule, nextSteps: this.#nextSteps, signal },
      ...{ onEvent: options.onEvent, onPlanned: options.onPlanned, elsewhere },
      finished: this.#outcomes.finished,
    });
  }

  /**
   * Builds targets, and beside them what gates them. Failures are in the result. `onBuilt` is called when all actions have
   * ended, and goes on beside the writing of results to the disk.
   */
  async run(
    targets: readonly LabelledArtifact[],
    gates: readonly LabelledArtifact[] = [],
    onBuilt?: (artifacts: BuildResult['artifacts']) => Promise<void>,
  ): Promise<BuildResult> {
    this.#asked = targets;
    for (const action of this.#options.settled?.keys() ?? []) this.#outcomes.finished(action, 'cached', 0);
    return this.#bring([...targets, ...gates], onBuilt);
  }

  /** Builds a target again that was built, when some of it has gone from the store: what had made that is run again. */
  async remake(target: LabelledArtifact): Promise<BuildResult> {
    await this.#forgetLost();
    return this.#bring([target]);
  }

  async #bring(
    all: readonly LabelledArtifact[],
    onBuilt?: (artifacts: BuildResult['artifacts']) => Promise<void>,
  ): Promise<BuildResult> {
    const artifacts = new Map<Label, Node>();
    const graph = this.#progress.graphOf(all.map(({ artifact }) => artifact));
    this.#schedule.make(graph);
    this.#nextSteps.of(graph);
    const build = async (target: LabelledArtifact): Promise<void> => {
      const node = await this.#content(target);
      if (node) artifacts.set(target.label, node);
    };
    // From below: each finds what it reads under way, however long the chain is. Who reads it meets its failure.
    for (const action of graph.actions) this.#outputs(action).catch(() => undefined);
    await Promise.all(all.map(build));
    const committed = this.#maker.finish().catch(this.#outcomes.failed);
    await allDone([committed, ...(onBuilt ? [onBuilt(artifacts)] : [])]);
    this.#schedule.save();
    const { failures, signal } = this.#outcomes;
    return { success: failures.length === 0 && !signal.aborted, artifacts, failures };
  }

  /** An action that this build has brought up to date, or that was; undefined for one that it has not. */
  readonly settled = (action: ActionNode): Settled | undefined => this.#progress.settled(action);

  /** The key of an action, if it got one. */
  readonly keyOf = (action: ActionNode): Digest | undefined => this.#progress.keyOf(action);

  /**
   * Runs the actions that the build has looked at `times` times more, and compares what they give with what is in the
   * cache, which stays as it is. Where they differ, people find both in the workspace `root`. Gives what is wrong.
   */
  async recheck(times: number, root: string, xz: readonly string[] | undefined): Promise<readonly Diagnostic[]> {
    // Knows every format: a build that does not ask does not load it.
    const { recheck } = await import('./recheck.ts');
    return recheck([...this.#planned.values()], times, {
      store: this.#store,
      machine: this.#machine,
      schedule: this.#schedule,
      signal: this.#outcomes.signal,
      onEvent: this.#options.onEvent,
      elsewhere: this.#elsewhere,
      asked: new Set(this.#asked.map(({ label }) => label)),
      root,
      xz,
    });
  }

  async #content(target: LabelledArtifact): Promise<Node | undefined> {
    try {
      return await contentOf(this.#store, target.artifact, this.#producers);
    } catch (error) {
      this.#outcomes.unreadable(target, error);
      return undefined;
    }
  }

  /** Brings what an action reads up to date and here, and gives the action ready to run; undefined after a reported failure. */
  async prepare(action: ActionNode): Promise<PlannedAction | undefined> {
    const graph = this.#progress.graphOf(inputsOf(action));
    this.#schedule.make(graph);
    for (const below of graph.actions) this.#outputs(below).catch(() => undefined);
    const attempt = async (): Promise<PlannedAction> => {
      const planned = await this.#plan(action);
      await this.#elsewhere.bringInputs(planned);
      return planned;
    };
    try {
      return await untilNothingIsLost(attempt, () => this.#rewind(action));
    } catch (error) {
      if (error instanceof Reported) return undefined;
      throw error;
    } finally {
      await this.#maker.finish();
      this.#schedule.save();
    }
  }

  /** What failed so far. */
  get failures(): readonly Diagnostic[] {
    return this.#outcomes.failures;
  }

  #outputs(action: ActionNode): Promise<Outputs> {
    return this.#progress.outputs(action, (one) => this.#bringUpToDate(one));
  }

  async #bringUpToDate(action: ActionNode): Promise<Outputs> {
    const start = performance.now();
    try {
      const attempt = (): Promise<Outputs> => this.#attempt(action);
      const outputs = await untilNothingIsLost(attempt, () => this.#rewind(action));
      this.#progress.done(action, outputs);
      return outputs;
    } catch (error) {
      throw this.#outcomes.actionFailed(action, error, performance.now() - start);
    }
  }

  /** From the cache, or by running it. */
  async #attempt(action: ActionNode): Promise<Outputs> {
    if (action.runnable) fail('RUNNABLE', 'it is run, not built', { hint: `dsmb run ${action.label}` });
    const planned = await this.#plan(action);
    const planMs = this.#planMs.get(action) ?? 0;
    const start = performance.now();
    const cached = this.#maker.knows(planned.key) ? undefined : await this.#known(planned);
    if (!cached) return outputsOf(action, await this.#maker.make(planned, planMs));
    this.#outcomes.finished(action, 'cached', performance.now() - start, { planMs });
    return outputsOf(action, cached);
  }

  /** A result that is there, here or elsewhere. */
  async #known(planned: PlannedAction): Promise<ResultData | undefined> {
    const own = this.#store.actions.get(planned.key);
    if (own) this.#elsewhere.offer(planned, own);
    return own ?? this.#elsewhere.result(planned, this.#options.onEvent);
  }

  /** What an action needed was lost on the way: what made it runs again. */
  async #rewind(action: ActionNode): Promise<void> {
    await this.#forgetLost();
    for (const below of this.#progress.forgottenBelow(action)) this.#outputs(below).catch(() => undefined);
  }

  async #forgetLost(): Promise<void> {
    await this.#toolroots.forgetBroken();
    this.#progress.forgetLost();
    this.#bundles.forget();
    this.#maker.forget();
  }

  /** Everything that the key is made of; waits for the actions that make the inputs. */
  async #plan(action: ActionNode): Promise<PlannedAction> {
    const inputs = await allDone(
      [...action.inputs].map(async ([name, of]) => [name, await contentOf(this.#store, of, this.#producers)] as const),
    );
    const machine = action.work.type === 'write' ? undefined : this.#machine.unsandboxed;
    const toolchains = await this.#toolroots.of(action, this.#producers, machine !== undefined);
    const step = await this.#bundles.contentOf(action);
    const content = { inputs: new Map(inputs), toolchains, ...step, ...(machine ? { machine } : {}) };
    const start = performance.now();
    const planned = planAction(this.#store, action, content, this.#options.saltOf?.(action));
    this.#planMs.set(action, performance.now() - start);
    this.#progress.planned(action, planned.key);
    if (this.#options.willCheck) this.#planned.set(action, planned);
    return planned;
  }
}

function outputsOf(action: ActionNode, result: ResultData): Outputs {
  return new Map(
    Object.entries(action.outputs).map(([key, { name }]) => {
      const node = result.outputs.get(`out/${name}`);
      if (!node) fail('BAD_RESULT', `the stored result of ${action.label} has no output ${name}`);
      return [key, node];
    }),
  );
}

/** The execution phase: brings targets up to date, running only the actions whose keys have no result. */
import type { Lock } from '../../cache/locks.ts';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { actionGraph } from '../analysis/action-graph.ts';
import type { ActionNode, AnalysedTarget } from '../analysis/action.ts';
import { fail, Failure, toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { formatDigest, type Digest } from '../model/digest.ts';
import type { Listener, Outcome } from '../model/event.ts';
import type { Label } from '../model/label.ts';
import { needsVm } from '../model/rule.ts';
import { stepContent } from '../plan/bundle.ts';
import { contentOf, settleAll, type Producers } from '../plan/content.ts';
import { planAction, type PlannedAction } from '../plan/key.ts';
import { Commits } from './commits.ts';
import { NextSteps } from './next-steps.ts';
import type { Toolroots } from './toolroots.ts';
import type { Machine } from './machine.ts';
import { recheck } from './recheck.ts';
import { runAction } from './run-action.ts';
import type { Usage } from './usage.ts';
import type { PastRuns } from './past-runs.ts';
import { Schedule } from './schedule.ts';

export interface BuildOptions {
  /** Goes on with what does not depend on a failed action. */
  readonly keepGoing: boolean;
  /** Leaves out the targets that only gate others. */
  readonly skipValidations: boolean;
  /** `recheck` will be asked for. */
  readonly willCheck?: boolean;
  /** Sets the results of an action apart: with a salt of its own it runs, whatever the store has. */
  readonly saltOf?: (action: ActionNode) => string;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  /** Told of an action before it runs, with all that its key is made of. */
  readonly onPlanned?: (planned: PlannedAction) => void;
  /** What actions took before: for their order, and for how many run at a time. */
  readonly past?: PastRuns;
  /** This many actions at a time; as many as the machine carries unless told. */
  readonly jobs?: number;
}

/** What became of a build. */
export interface BuildResult {
  readonly success: boolean;
  readonly artifacts: ReadonlyMap<Label, Node>;
  readonly failures: readonly Diagnostic[];
}

/** A failure that was reported already, on its way through what depends on it. */
class Reported extends Error {}

type Outputs = ReadonlyMap<string, Node>;

export class Build {
  readonly #store: Store;
  readonly #machine: Machine;
  readonly #toolroots: Toolroots;
  readonly #options: BuildOptions;
  readonly #schedule: Schedule;
  readonly #commits: Commits;
  readonly #actions = new Map<ActionNode, Promise<Outputs>>();
  readonly #done = new Map<ActionNode, Outputs>();
  readonly #keys = new Map<ActionNode, Digest>();
  readonly #planMs = new Map<ActionNode, number>();
  /** Only where they are to be checked: they are larger than their keys. */
  readonly #planned = new Map<ActionNode, PlannedAction>();
  /** Two actions with one key run once. */
  readonly #byKey = new Map<string, Promise<ResultData>>();
  readonly #nextSteps: NextSteps;
  readonly #failures: Diagnostic[] = [];
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #producers: Producers;

  constructor(store: Store, toolroots: Toolroots, machine: Machine, options: BuildOptions) {
    this.#store = store;
    this.#toolroots = toolroots;
    this.#machine = machine;
    this.#options = options;
    this.#schedule = new Schedule(store.root, options);
    this.#commits = new Commits(store, () => machine.syncStore());
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#producers = {
      action: (action) => this.#outputs(action),
      debian: (...set) => this.#toolroots.packages(...set),
    };
    const state = {
      isWanted: (action: ActionNode) => this.#actions.has(action),
      isPlanned: (action: ActionNode) => this.#keys.has(action),
      isDone: (action: ActionNode) => this.#done.has(action),
    };
    this.#nextSteps = new NextSteps(store, toolroots, machine, this.#producers, state, this.#signal);
  }

  /** Builds targets and everything that gates them. Failures are in the result. */
  async run(targets: readonly AnalysedTarget[]): Promise<BuildResult> {
    const validations = this.#options.skipValidations ? [] : validationsOf(targets);
    const artifacts = new Map<Label, Node>();
    const all = [...targets, ...validations];
    const artifactsOfAll = all.map(({ artifact }) => artifact);
    const graph = actionGraph(artifactsOfAll);
    this.#schedule.make(artifactsOfAll);
    this.#nextSteps.of(graph);
    const build = async (target: AnalysedTarget): Promise<void> => {
      const node = await this.#content(target);
      if (node) artifacts.set(target.label, node);
    };
    // From below: each finds what it reads under way, however long the chain is. Who reads it meets its failure.
    for (const action of graph.actions) this.#outputs(action).catch(() => undefined);
    await Promise.all(all.map(build));
    await this.#commits.finish().catch((error: unknown) => this.#fail(toDiagnostic(error)));
    this.#schedule.save();
    return { success: this.#failures.length === 0 && !this.#signal.aborted, artifacts, failures: this.#failures };
  }

  /** The keys of a target's actions and of all that it is made of, as far as they got one. */
  keysOf(target: AnalysedTarget): Digest[] {
    return targetsBelow([target]).flatMap(({ actions }) => actions.flatMap((action) => this.#keys.get(action) ?? []));
  }

  /**
   * Runs every action that the build has looked at `times` times more, and compares what it gives with what is in the
   * cache, which stays as it is. `folder` is where people find both, where they differ. Gives what is wrong.
   */
  recheck(times: number, folder: string, xz: readonly string[] | undefined): Promise<readonly Diagnostic[]> {
    return recheck([...this.#planned.values()], times, {
      store: this.#store,
      machine: this.#machine,
      schedule: this.#schedule,
      signal: this.#signal,
      onEvent: this.#options.onEvent,
      folder,
      xz,
    });
  }

  async #content(target: AnalysedTarget): Promise<Node | undefined> {
    try {
      return await contentOf(this.#store, target.artifact, this.#producers);
    } catch (error) {
      if (!(error instanceof Reported)) this.#unreadable(target, toDiagnostic(error));
      return undefined;
    }
  }

  /** Brings what an action reads up to date, and gives the action ready to run; undefined after a reported failure. */
  async prepare(action: ActionNode): Promise<PlannedAction | undefined> {
    const inputs = [...action.inputs.values(), ...action.toolchains];
    this.#schedule.make(inputs);
    for (const below of actionGraph(inputs).actions) this.#outputs(below).catch(() => undefined);
    try {
      return await this.#plan(action);
    } catch (error) {
      if (error instanceof Reported) return undefined;
      throw error;
    } finally {
      await this.#commits.finish();
      this.#schedule.save();
    }
  }

  /** What failed so far. */
  get failures(): readonly Diagnostic[] {
    return this.#failures;
  }

  #outputs(action: ActionNode): Promise<Outputs> {
    const known = this.#actions.get(action);
    if (known) return known;
    const outputs = this.#bringUpToDate(action);
    this.#actions.set(action, outputs);
    return outputs;
  }

  async #bringUpToDate(action: ActionNode): Promise<Outputs> {
    const start = performance.now();
    try {
      const outputs = await this.#attempt(action).catch((error: unknown) => this.#rewind(action, error));
      this.#done.set(action, outputs);
      return outputs;
    } catch (error) {
      throw this.#actionFailed(action, error, performance.now() - start);
    }
  }

  /** From the cache, or by running it. */
  async #attempt(action: ActionNode): Promise<Outputs> {
    if (action.runnable) fail('RUNNABLE', 'it is run, not built', { hint: `dsmb run ${action.label}` });
    const planned = await this.#plan(action);
    const start = performance.now();
    const cached = this.#byKey.has(planned.key.hash) ? undefined : this.#store.actions.get(planned.key);
    if (!cached) return outputsOf(action, await this.#runOnce(planned));
    this.#finished(action, 'cached', performance.now() - start, { planMs: this.#planMs.get(action) ?? 0 });
    return outputsOf(action, cached);
  }

  /** What an action needed was lost from the store on the way: what made it runs again, then the action once more. */
  async #rewind(action: ActionNode, error: unknown): Promise<Outputs> {
    if (!(error instanceof Failure) || error.diagnostic.code !== 'BLOB_MISSING') throw error;
    await this.#toolroots.forgetBroken();
    for (const [made, outputs] of this.#done)
      if (![...outputs.values()].every((node) => this.#store.trees.complete(node))) this.#actions.delete(made);
    this.#byKey.clear();
    return this.#attempt(action);
  }

  /** Everything that the key is made of; waits for the actions that make the inputs. */
  async #plan(action: ActionNode): Promise<PlannedAction> {
    const inputs = await settleAll(
      [...action.inputs].map(async ([name, of]) => [name, await contentOf(this.#store, of, this.#producers)] as const),
    );
    const machine = action.work.type === 'write' ? undefined : this.#machine.unsandboxed;
    const toolchains = await this.#toolroots.of(action, this.#producers, machine !== undefined);
    const step = await stepContent(this.#store, action);
    const content = { inputs: new Map(inputs), toolchains, ...step, ...(machine ? { machine } : {}) };
    const start = performance.now();
    const planned = planAction(this.#store, action, content, this.#options.saltOf?.(action));
    this.#planMs.set(action, performance.now() - start);
    this.#keys.set(action, planned.key);
    if (this.#options.willCheck) this.#planned.set(action, planned);
    return planned;
  }

  #runOnce(planned: PlannedAction): Promise<ResultData> {
    const { hash } = planned.key;
    const running = this.#byKey.get(hash);
    if (running) {
      return running.then((result) => {
        this.#finished(planned.node, 'cached', 0);
        return result;
      });
    }
    const result = this.#make(planned);
    this.#byKey.set(hash, result);
    return result;
  }

  /** Runs an action, or waits for another process that runs it and takes its result. */
  async #make(planned: PlannedAction): Promise<ResultData> {
    const { node, key } = planned;
    if (node.work.type !== 'write') this.#machine.spawner.warmUp();
    const lockName = `action ${key.hash}`;
    const { label, mnemonic, ordinal } = node;
    this.#options.onEvent({ type: 'action-queued', label, mnemonic, ordinal, key: formatDigest(key) });
    for (;;) {
      const made = await this.#schedule.run(node, (waitedMs) => this.#tryMake(planned, lockName, waitedMs));
      if (made) return made;
      this.#options.onEvent({ type: 'action-waiting', label, mnemonic, ordinal, key: formatDigest(key) });
      // Without a hold on processors and memory: the other process has what it needs.
      await this.#store.locks.released(lockName, this.#signal);
    }
  }

  /** The lock is held until others can find the result. */
  async #tryMake(planned: PlannedAction, lockName: string, waitedMs: number): Promise<ResultData | undefined> {
    const lock = await this.#store.locks.tryTake(lockName);
    if (!lock) return undefined;
    try {
      const madeMeanwhile = this.#store.actions.get(planned.key);
      if (!madeMeanwhile) return await this.#execute(planned, lock, waitedMs);
      lock.release();
      this.#finished(planned.node, 'cached', 0);
      return madeMeanwhile;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async #execute(planned: PlannedAction, lock: Lock, waitedMs: number): Promise<ResultData> {
    if (this.#signal.aborted) throw new Reported();
    const { node, key } = planned;
    const { label, mnemonic, ordinal } = node;
    const action = { label, mnemonic, ordinal };
    // Its packages may have to be fetched and unpacked: that is no part of the first action that needs it.
    if (node.work.type !== 'write' && !this.#machine.unsandboxed) await this.#machine.bubblewrap();
    const start = performance.now();
    this.#nextSteps.begun(node);
    this.#options.onPlanned?.(planned);
    this.#options.onEvent({
      type: 'action-started',
      ...action,
      key: formatDigest(key),
      vm: needsVm(node.needs),
      planMs: this.#planMs.get(node) ?? 0,
      waitedMs,
    });
    let usage: Usage | undefined;
    const result = await runAction(this.#store, this.#machine, planned, this.#signal, {
      onProgress: (stage, percent) =>
        this.#options.onEvent({
          type: 'action-progress',
          ...action,
          stage,
          ...(percent === undefined ? {} : { percent }),
        }),
      onUsage: (seen) => (usage = seen),
      onRetry: (attempt, reason) => this.#options.onEvent({ type: 'action-retried', ...action, attempt, reason }),
    });
    const durationMs = performance.now() - start;
    this.#schedule.ran(node, durationMs, usage);
    this.#commits.add(key, result, () => lock.release());
    this.#finished(node, 'executed', durationMs, result.log ? { log: formatDigest(result.log) } : {});
    return result;
  }

  #actionFailed(action: ActionNode, error: unknown, durationMs: number): Reported {
    if (error instanceof Reported || this.#signal.aborted) {
      this.#finished(action, 'skipped', durationMs);
      return new Reported();
    }
    const diagnostic = named(action, toDiagnostic(error));
    this.#finished(action, 'failed', durationMs, { diagnostic });
    this.#fail(diagnostic);
    return new Reported();
  }

  /** A target that no action makes has no other event that tells of its failure. */
  #unreadable({ label }: AnalysedTarget, diagnostic: Diagnostic): void {
    const what = { label, mnemonic: 'Source', ordinal: 0 } as const;
    this.#options.onEvent({ type: 'action-finished', ...what, outcome: 'failed', durationMs: 0, diagnostic });
    this.#fail(diagnostic);
  }

  #fail(diagnostic: Diagnostic): void {
    this.#failures.push(diagnostic);
    if (!this.#options.keepGoing) this.#stop.abort();
  }

  #finished(
    action: ActionNode,
    outcome: Outcome,
    durationMs: number,
    more: { readonly log?: string; readonly diagnostic?: Diagnostic; readonly planMs?: number } = {},
  ): void {
    this.#nextSteps.ended(action);
    const key = this.#keys.get(action);
    this.#options.onEvent({
      type: 'action-finished',
      label: action.label,
      mnemonic: action.mnemonic,
      ordinal: action.ordinal,
      ...(key ? { key: formatDigest(key) } : {}),
      outcome,
      durationMs,
      ...more,
    });
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

function named(action: ActionNode, diagnostic: Diagnostic): Diagnostic {
  const name = `${action.label} (${action.mnemonic})`;
  return diagnostic.message.startsWith(action.label)
    ? diagnostic
    : { ...diagnostic, message: `${name}: ${diagnostic.message}` };
}

/** The validations of targets and of everything that they are made of. */
export function validationsOf(targets: readonly AnalysedTarget[]): AnalysedTarget[] {
  const found = new Set(targetsBelow(targets).flatMap(({ validations }) => validations));
  return [...found].filter((one) => !targets.includes(one));
}

/** Targets with all that they are made of, and all that gates any of these. */
export function targetsBelow(targets: readonly AnalysedTarget[], withValidations = true): AnalysedTarget[] {
  const found = new Set(targets);
  for (const { dependencies, validations } of found)
    for (const one of withValidations ? [...dependencies, ...validations] : dependencies) found.add(one);
  return [...found];
}

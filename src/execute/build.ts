/** The execution phase: brings targets up to date, running only the actions whose keys have no result. */
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode, AnalysedTarget } from '../analysis/action.ts';
import { fail, Failure, toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { formatDigest, type Digest } from '../model/digest.ts';
import type { Listener, Outcome } from '../model/event.ts';
import type { Label } from '../model/label.ts';
import { stepContent } from '../plan/bundle.ts';
import { contentOf, type Producers } from '../plan/content.ts';
import { planAction, type PlannedAction } from '../plan/key.ts';
import type { Toolroots } from './toolroots.ts';
import { Resources } from './resources.ts';
import type { Machine } from './machine.ts';
import { runAction } from './run-action.ts';

export interface BuildOptions {
  /** Goes on with what does not depend on a failed action. */
  readonly keepGoing: boolean;
  /** Leaves out the targets that only gate others. */
  readonly skipValidations: boolean;
  /** Sets the results of an action apart: with a salt of its own it runs, whatever the store has. */
  readonly saltOf?: (action: ActionNode) => string;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  /** Told of an action before it runs, with all that its key is made of. */
  readonly onPlanned?: (planned: PlannedAction) => void;
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
  readonly #resources = new Resources();
  readonly #actions = new Map<ActionNode, Promise<Outputs>>();
  readonly #done = new Map<ActionNode, Outputs>();
  readonly #keys = new Map<ActionNode, Digest>();
  /** Two actions with one key run once. */
  readonly #byKey = new Map<string, Promise<ResultData>>();
  readonly #failures: Diagnostic[] = [];
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #producers: Producers;

  constructor(store: Store, toolroots: Toolroots, machine: Machine, options: BuildOptions) {
    this.#store = store;
    this.#toolroots = toolroots;
    this.#machine = machine;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#producers = {
      action: (action) => this.#outputs(action),
      debian: (packages, closure) => this.#toolroots.packages(packages, closure),
    };
  }

  /** Builds targets and everything that gates them. Failures are in the result. */
  async run(targets: readonly AnalysedTarget[]): Promise<BuildResult> {
    const validations = this.#options.skipValidations ? [] : validationsOf(targets);
    const artifacts = new Map<Label, Node>();
    const build = async (target: AnalysedTarget): Promise<void> => {
      const node = await this.#content(target);
      if (node) artifacts.set(target.label, node);
    };
    await Promise.all([...targets, ...validations].map(build));
    return { success: this.#failures.length === 0 && !this.#signal.aborted, artifacts, failures: this.#failures };
  }

  /** The keys of a target's actions and of all that it is made of, as far as they got one. */
  keysOf(target: AnalysedTarget): Digest[] {
    return actionsBelow(target).flatMap((action) => this.#keys.get(action) ?? []);
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
    try {
      return await this.#plan(action);
    } catch (error) {
      if (error instanceof Reported) return undefined;
      throw error;
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
    this.#finished(action, 'cached', performance.now() - start);
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
    const toolchains = await this.#toolroots.of(action, this.#producers);
    const step = await stepContent(this.#store, action);
    const content = { inputs: new Map(inputs), toolchains, ...step };
    const planned = planAction(this.#store, action, content, this.#options.saltOf?.(action));
    this.#keys.set(action, planned.key);
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
    const lockName = `action ${key.hash}`;
    for (;;) {
      const made = await this.#resources.hold(node.needs, () => this.#tryMake(planned, lockName));
      if (made) return made;
      const { label, mnemonic, ordinal } = node;
      this.#options.onEvent({ type: 'action-waiting', label, mnemonic, ordinal, key: formatDigest(key) });
      // Without a hold on processors and memory: the other process has what it needs.
      await this.#store.locks.released(lockName, this.#signal);
    }
  }

  async #tryMake(planned: PlannedAction, lockName: string): Promise<ResultData | undefined> {
    using lock = await this.#store.locks.tryTake(lockName);
    if (!lock) return undefined;
    const madeMeanwhile = this.#store.actions.get(planned.key);
    if (!madeMeanwhile) return await this.#execute(planned);
    this.#finished(planned.node, 'cached', 0);
    return madeMeanwhile;
  }

  async #execute(planned: PlannedAction): Promise<ResultData> {
    if (this.#signal.aborted) throw new Reported();
    const { node, key } = planned;
    const { label, mnemonic, ordinal } = node;
    const start = performance.now();
    this.#options.onPlanned?.(planned);
    this.#options.onEvent({
      type: 'action-started',
      label,
      mnemonic,
      ordinal,
      key: formatDigest(key),
      vm: node.needs.vm === true,
    });
    const result = await runAction(this.#store, this.#machine, planned, this.#signal, (stage, percent) =>
      this.#options.onEvent({
        type: 'action-progress',
        label,
        mnemonic,
        ordinal,
        stage,
        ...(percent === undefined ? {} : { percent }),
      }),
    );
    this.#finished(node, 'executed', performance.now() - start, result.log ? { log: formatDigest(result.log) } : {});
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
    more: { readonly log?: string; readonly diagnostic?: Diagnostic } = {},
  ): void {
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

/** Waits for all, then throws the first failure: what is under way gets to report itself. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return settled.map((one) => (one as PromiseFulfilledResult<T>).value);
}

function actionsBelow(target: AnalysedTarget, seen = new Set<AnalysedTarget>()): ActionNode[] {
  if (seen.has(target)) return [];
  seen.add(target);
  const below = [...target.dependencies, ...target.validations].flatMap((one) => actionsBelow(one, seen));
  return [...target.actions, ...below];
}

/** The validations of targets and of everything that they are made of. */
export function validationsOf(targets: readonly AnalysedTarget[]): AnalysedTarget[] {
  const seen = new Set<AnalysedTarget>();
  const found = new Set<AnalysedTarget>();
  const visit = (target: AnalysedTarget): void => {
    if (seen.has(target)) return;
    seen.add(target);
    target.dependencies.forEach(visit);
    for (const validation of target.validations) {
      found.add(validation);
      visit(validation);
    }
  };
  targets.forEach(visit);
  return [...found].filter((one) => !targets.includes(one));
}

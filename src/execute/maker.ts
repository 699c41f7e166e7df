/** Makes the results of planned actions: one run for a key, in this process and among processes. */
import type { Lock } from '../../cache/locks.ts';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import { formatDigest, type Digest } from '../model/digest.ts';
import type { Listener, Outcome } from '../model/event.ts';
import { needsVm } from '../model/rule.ts';
import type { PlannedAction } from '../plan/key.ts';
import { Commits } from './commits.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Machine } from './machine.ts';
import type { NextSteps } from './next-steps.ts';
import { runAction } from './run-action.ts';
import type { Schedule } from './schedule.ts';
import type { Usage } from './usage.ts';

/** A failure that was reported already, on its way through what depends on it. */
export class Reported extends Error {}

/** What a maker works with, and whom it tells. */
export interface MakerContext {
  readonly store: Store;
  readonly machine: Machine;
  readonly schedule: Schedule;
  readonly nextSteps: NextSteps;
  readonly elsewhere: Elsewhere;
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  readonly onPlanned: ((planned: PlannedAction) => void) | undefined;
  readonly finished: (
    action: ActionNode,
    outcome: Outcome,
    durationMs: number,
    more?: { readonly log?: string },
  ) => void;
}

interface Times {
  readonly planMs: number;
  readonly waitedMs: number;
}

export class Maker {
  readonly #context: MakerContext;
  readonly #commits: Commits;
  /** Two actions with one key run once. */
  readonly #byKey = new Map<string, Promise<ResultData>>();

  constructor(context: MakerContext) {
    this.#context = context;
    this.#commits = new Commits(context.store, () => context.machine.syncStore());
  }

  /** Forgets what was made: some of it was lost. */
  forget(): void {
    this.#byKey.clear();
  }

  /** Waits until every result is durable. */
  finish(): Promise<void> {
    return this.#commits.finish();
  }

  /** Whether an action with this key runs now, or has run. */
  knows({ hash }: Digest): boolean {
    return this.#byKey.has(hash);
  }

  /** The result of an action that the cache does not have: from its run, or from that of another with the same key. */
  make(planned: PlannedAction, planMs: number): Promise<ResultData> {
    const { hash } = planned.key;
    const running = this.#byKey.get(hash);
    if (running) {
      return running.then((result) => {
        this.#context.finished(planned.node, 'cached', 0);
        return result;
      });
    }
    const result = this.#make(planned, planMs);
    this.#byKey.set(hash, result);
    return result;
  }

  /** Runs an action, or waits for another process that runs it and takes its result. */
  async #make(planned: PlannedAction, planMs: number): Promise<ResultData> {
    const { node, key } = planned;
    if (node.work.type !== 'write') this.#context.machine.spawner.warmUp();
    this.#context.nextSteps.stale(node);
    const lockName = `action ${key.hash}`;
    const { label, mnemonic, ordinal } = node;
    this.#context.onEvent({ type: 'action-queued', label, mnemonic, ordinal, key: formatDigest(key) });
    this.#context.elsewhere.lookAround(planned, (known) =>
      this.#context.onEvent({ type: 'known-elsewhere', label, mnemonic, ordinal, known }),
    );
    if (node.work.type !== 'write') await this.#context.elsewhere.bringInputs(planned);
    for (;;) {
      const made = await this.#context.schedule.run(node, (waitedMs) =>
        this.#tryMake(planned, lockName, { planMs, waitedMs }),
      );
      if (made) return made;
      this.#context.onEvent({ type: 'action-waiting', label, mnemonic, ordinal, key: formatDigest(key) });
      // Without a hold on processors and memory: the other process has what it needs.
      await this.#context.store.locks.released(lockName, this.#context.signal);
    }
  }

  /** The lock is held until others can find the result. */
  async #tryMake(planned: PlannedAction, lockName: string, times: Times): Promise<ResultData | undefined> {
    const lock = await this.#context.store.locks.tryTake(lockName);
    if (!lock) return undefined;
    try {
      const madeMeanwhile = this.#context.store.actions.get(planned.key);
      if (!madeMeanwhile) return await this.#execute(planned, lock, times);
      lock.release();
      this.#context.finished(planned.node, 'cached', 0);
      return madeMeanwhile;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async #execute(planned: PlannedAction, lock: Lock, times: Times): Promise<ResultData> {
    const { store, machine, schedule, elsewhere, signal, onEvent, onPlanned, finished } = this.#context;
    if (signal.aborted) throw new Reported();
    const { node, key } = planned;
    const { label, mnemonic, ordinal } = node;
    const action = { label, mnemonic, ordinal };
    // Its packages may have to be fetched and unpacked: that is no part of the first action that needs it.
    if (node.work.type !== 'write' && !machine.unsandboxed) await machine.bubblewrap();
    const start = performance.now();
    onPlanned?.(planned);
    onEvent({
      type: 'action-started',
      ...action,
      key: formatDigest(key),
      vm: needsVm(node.needs),
      ...times,
    });
    let usage: Usage | undefined;
    const own = await runAction(store, machine, planned, signal, {
      onProgress: (stage, percent) =>
        onEvent({
          type: 'action-progress',
          ...action,
          stage,
          ...(percent === undefined ? {} : { percent }),
        }),
      onUsage: (seen) => (usage = seen),
      onRetry: (attempt, reason) => onEvent({ type: 'action-retried', ...action, attempt, reason }),
    });
    const durationMs = performance.now() - start;
    schedule.ran(node, durationMs, usage);
    finished(node, 'executed', durationMs, own.log ? { log: formatDigest(own.log) } : {});
    // What differs from run to run must not differ from machine to machine: the first result under a key stays.
    const first = node.reproducible ? undefined : await elsewhere.result(planned);
    if (first) {
      lock.release();
      return first;
    }
    this.#commits.add(planned, own, () => lock.release());
    elsewhere.offer(planned, own);
    return own;
  }
}

/** Makes the results of planned actions: one run for a key, in this process and among processes. */
import type { Lock } from '../../cache/locks.ts';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import { formatDigest, type Digest } from '../model/digest.ts';
import type { Listener, Outcome } from '../model/event.ts';
import { needsVm } from '../model/rule.ts';
import type { PlannedAction } from '../plan/key.ts';
import { Commits } from './action/commits.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Machine } from './machine.ts';
import { Reported } from './outcomes.ts';
import type { NextSteps } from './next-steps.ts';
import type { Place } from './schedule/leaving.ts';
import { runAction, type RunWatcher } from './action/run-action.ts';
import type { Schedule } from './schedule/schedule.ts';
import type { Usage } from './process/usage.ts';

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
    more?: { readonly log?: string; readonly remote?: true },
  ) => void;
}

interface Times {
  readonly planMs: number;
  readonly waitedMs: number;
}

/** In place of a result: another process makes it, or no worker could. */
type NotMade = 'another builder' | 'no worker';

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
    const { elsewhere, machine, nextSteps, onEvent, schedule, store, signal } = this.#context;
    const { node, key } = planned;
    const isLocal = elsewhere.placeOf(node) === 'here';
    if (isLocal && node.work.type !== 'write') machine.spawner.warmUp();
    nextSteps.stale(node);
    const lockName = `action ${key.hash}`;
    const { label, mnemonic, ordinal } = node;
    onEvent({ type: 'action-queued', label, mnemonic, ordinal, key: formatDigest(key) });
    elsewhere.lookAround(planned, (known) => onEvent({ type: 'known-elsewhere', label, mnemonic, ordinal, known }));
    for (let mayLeave = true; ;) {
      const place = mayLeave ? elsewhere.placeOf(node) : 'here';
      if (place === 'here' && node.work.type !== 'write') await elsewhere.bringInputs(planned);
      const made = await schedule.run(node, place, (waitedMs) =>
        this.#tryMake(planned, place, lockName, { planMs, waitedMs }),
      );
      if (made === 'no worker') mayLeave = false;
      else if (made !== 'another builder') return made;
      else {
        onEvent({ type: 'action-waiting', label, mnemonic, ordinal, key: formatDigest(key) });
        // Without a hold on processors and memory: the other process has what it needs.
        await store.locks.released(lockName, signal);
      }
    }
  }

  /** The lock is held until others can find the result. */
  async #tryMake(planned: PlannedAction, place: Place, lockName: string, times: Times): Promise<ResultData | NotMade> {
    const lock = await this.#context.store.locks.tryTake(lockName);
    if (!lock) return 'another builder';
    try {
      const madeMeanwhile = this.#context.store.actions.get(planned.key);
      if (!madeMeanwhile)
        return place === 'here'
          ? await this.#execute(planned, lock, times)
          : await this.#executeRemotely(planned, lock, times);
      lock.release();
      this.#context.finished(planned.node, 'cached', 0);
      return madeMeanwhile;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async #execute(planned: PlannedAction, lock: Lock, times: Times): Promise<ResultData> {
    const { store, machine, schedule, elsewhere, signal, finished } = this.#context;
    const { node } = planned;
    // Its packages may have to be fetched and unpacked: that is not part of the first action that needs it.
    if (node.work.type !== 'write' && !machine.unsandboxed) await machine.bubblewrap();
    let usage: Usage | undefined;
    const watcher = { ...this.#started(planned, 'here', times), onUsage: (seen: Usage) => void (usage = seen) };
    // Who listens may take time, which is not the action's: in a time line it would end after the next one has begun.
    const start = performance.now();
    const own = await runAction(store, machine, planned, signal, watcher);
    const durationMs = performance.now() - start;
    schedule.ran(node, 'here', durationMs, usage);
    finished(node, 'executed', durationMs, logOf(own));
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

  /** The server keeps the result for others. */
  async #executeRemotely(planned: PlannedAction, lock: Lock, times: Times): Promise<ResultData | 'no worker'> {
    const { store, machine, schedule, elsewhere, signal, finished } = this.#context;
    const { node } = planned;
    // Only a build that has workers loads it.
    const { runRemotely } = await import('./action/run-remotely.ts');
    // Workers may have been given up while this one waited.
    const watcher = elsewhere.placeOf(node) === 'remote' ? this.#started(planned, 'remote', times) : undefined;
    const start = performance.now();
    const made = watcher && (await runRemotely({ store, machine, elsewhere, signal }, planned, watcher));
    lock.release();
    if (!made) return 'no worker';
    const durationMs = performance.now() - start;
    schedule.ran(node, 'remote', durationMs, undefined);
    finished(node, 'executed', durationMs, { ...logOf(made), remote: true });
    return made;
  }

  /** Tells that an action begins; gives who tells how it goes on. */
  #started(planned: PlannedAction, place: Place, times: Times): Omit<RunWatcher, 'onUsage'> {
    const { onEvent, onPlanned, signal } = this.#context;
    if (signal.aborted) throw new Reported();
    const { label, mnemonic, ordinal, needs } = planned.node;
    const action = { label, mnemonic, ordinal };
    onPlanned?.(planned);
    const remote = place === 'remote' ? ({ remote: true } as const) : {};
    const key = formatDigest(planned.key);
    onEvent({ type: 'action-started', ...action, key, vm: needsVm(needs), ...times, ...remote });
    return {
      onProgress: (stage, percent) =>
        onEvent({ type: 'action-progress', ...action, stage, ...(percent === undefined ? {} : { percent }) }),
      onMachine: (shown) => onEvent({ ...shown, type: 'machine-shown', ...action }),
      onRetry: (attempt, reason) => onEvent({ type: 'action-retried', ...action, attempt, reason }),
    };
  }
}

function logOf({ log }: ResultData): { readonly log?: string } {
  return log ? { log: formatDigest(log) } : {};
}

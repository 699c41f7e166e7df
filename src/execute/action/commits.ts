/**
 * Puts results into the action cache, each after all that it names is durable. They go in groups: so the cost of a sync
 * is shared, and no action waits for the disk. A builder that is killed leaves its finished results to the next one.
 */
import type { ResultData } from '../../../cache/reapi/messages.ts';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Staged } from '../../../cache/action-cache.ts';
import type { Store } from '../../../cache/store.ts';
import type { PlannedAction } from '../../plan/key.ts';

interface Commit {
  readonly staged: Staged;
  /** Called when the result can be found, or never will. */
  readonly onEnd: () => void;
}

/** While a file system is synced, whoever makes or removes a file there waits: so that is not done all the time. */
const GATHER_MS = 200;

export class Commits {
  readonly #store: Store;
  readonly #syncAll: () => Promise<void>;
  #waiting: Commit[] = [];
  #running: Promise<void> | undefined;
  #hurry = new AbortController();
  #error: unknown;

  /** `syncAll` syncs the store's file system. */
  constructor(store: Store, syncAll: () => Promise<void>) {
    this.#store = store;
    this.#syncAll = syncAll;
  }

  /** From here on the result survives the end of this process, and soon that of the machine. */
  add({ key, madeOf }: Pick<PlannedAction, 'key' | 'madeOf'>, result: ResultData, onEnd: () => void): void {
    const staged = this.#store.actions.stage(key, result, madeOf());
    this.#store.cas.addUnsynced(staged.path);
    this.#waiting.push({ staged, onEnd });
    this.#running ??= this.#run();
  }

  /** Waits until all results that were added are in the action cache. Throws the first error that kept one out of it. */
  async finish(): Promise<void> {
    this.#hurry.abort();
    await this.#running;
    this.#hurry = new AbortController();
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await sleep(GATHER_MS, undefined, this.#hurry).catch(() => undefined);
      await this.#commit(this.#waiting.splice(0));
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Commit[]): Promise<void> {
    try {
      await this.#store.cas.sync(this.#syncAll);
      for (const { staged } of group) this.#store.actions.publish(staged);
    } catch (error) {
      this.#error ??= error;
      // What the disk has refused once is not to be believed later.
      for (const { staged } of group) rmSync(staged.path, { force: true });
    } finally {
      for (const { onEnd } of group) onEnd();
    }
  }
}

/** Publishes what killed builders had finished: to be called before their leftovers are swept. */
export async function publishLeft(store: Store, syncAll: () => Promise<void>): Promise<void> {
  const left = store.actions.left();
  if (left.length === 0) return;
  await syncAll();
  for (const staged of left) store.actions.publish(staged);
}

/**
 * Puts results into the action cache, each after all that it names is durable. What has ended while one group was being
 * synced makes up the next: so the cost of a sync is shared, and no action waits for the disk.
 */
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { Digest } from '../model/digest.ts';

interface Commit {
  readonly key: Digest;
  readonly result: ResultData;
  /** Called when the result can be found, or never will. */
  readonly onEnd: () => void;
}

export class Commits {
  readonly #store: Store;
  readonly #syncAll: () => Promise<void>;
  #waiting: Commit[] = [];
  #running: Promise<void> | undefined;
  #error: unknown;

  /** `syncAll` syncs the store's file system. */
  constructor(store: Store, syncAll: () => Promise<void>) {
    this.#store = store;
    this.#syncAll = syncAll;
  }

  add(commit: Commit): void {
    this.#waiting.push(commit);
    this.#running ??= this.#run();
  }

  /** Waits until all results that were added are in the action cache. Throws the first error that kept one out of it. */
  async finish(): Promise<void> {
    await this.#running;
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0));
    this.#running = undefined;
  }

  async #commit(group: readonly Commit[]): Promise<void> {
    try {
      await this.#store.cas.settle(this.#syncAll);
      for (const { key, result } of group) this.#store.actions.put(key, result);
    } catch (error) {
      this.#error ??= error;
    } finally {
      for (const { onEnd } of group) onEnd();
    }
  }
}

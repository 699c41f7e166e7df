/**
 * Who runs with which folder of kept results. It is all that sandboxes share, and a socket in it hands open files from one
 * to the other: what an action has written is its own only when nobody else can have them.
 */
import type { Store } from '../../../cache/store.ts';

/** An action that runs with a folder of kept results. */
export interface MemoUse extends Disposable {
  /** Whether nobody else runs with the same folder now. To be asked when the action has ended. */
  isAlone(): boolean;
}

export class MemoUsers {
  readonly #store: Store;
  readonly #counts = new Map<string, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Begins a use of the folder, which lasts until it is disposed of. */
  enter(folder: string): MemoUse {
    const add = (change: number): void => void this.#counts.set(folder, (this.#counts.get(folder) ?? 0) + change);
    add(1);
    return {
      // Another process does not say which folders its actions use.
      isAlone: () => this.#counts.get(folder) === 1 && this.#store.presence.others().length === 0,
      [Symbol.dispose]: () => add(-1),
    };
  }
}

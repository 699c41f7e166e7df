/** Finds the time when a build has nothing to do but to wait for its last actions. */
import { actionId, type BuildEvent } from '../model/event.ts';

/** Those who have just begun may be about to end. */
const PATIENCE_MS = 40;

/** Calls back at most once, when no action is left that does not run, and those that run go on for a moment. */
export class LastActions implements Disposable {
  readonly #then: () => void;
  readonly #seen = new Set<string>();
  #actions = Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(then: () => void) {
    this.#then = then;
  }

  readonly listen = (event: BuildEvent): void => {
    if (event.type === 'build-started') this.#actions = event.actions;
    else if (event.type === 'action-started' || event.type === 'action-finished') this.#see(actionId(event));
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #see(action: string): void {
    this.#seen.add(action);
    if (this.#seen.size < this.#actions) return;
    this.#timer ??= setTimeout(this.#then, PATIENCE_MS).unref();
  }
}

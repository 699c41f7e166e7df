/** Something that several use, and that is closed when the last of them lets go of it. */

export class Shared<T> {
  readonly value: T;
  readonly #close: () => void;
  #users = 0;
  #isClosed = false;

  constructor(value: T, close: () => void) {
    this.value = value;
    this.#close = close;
  }

  /** One more user, until what this gives is disposed of. */
  use(): Disposable {
    this.#users++;
    let uses = true;
    return {
      [Symbol.dispose]: () => {
        if (uses && --this.#users === 0) this.close();
        uses = false;
      },
    };
  }

  /** Whoever uses it still has lost it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#close();
  }
}

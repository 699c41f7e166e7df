/** Seconds from a start to what was seen. */
export class Stopwatch {
  #from = 0;
  readonly seconds: Record<string, number> = {};
  start(): void {
    this.#from = Date.now();
  }
  note(what: string): void {
    this.seconds[what] = Math.round((Date.now() - this.#from) / 100) / 10;
  }
}

/** The lines of a text that is held as bytes: each becomes a string when it is asked for. */

const LINE_FEED = 10;

export class Lines {
  readonly #bytes: Buffer;
  /** Where each line begins; and behind the last, where one more would. */
  readonly #starts: readonly number[];

  constructor(bytes: Buffer, starts: readonly number[] = startsIn(bytes)) {
    this.#bytes = bytes;
    this.#starts = starts;
  }

  get length(): number {
    return this.#starts.length - 1;
  }

  at(place: number): string | undefined {
    const start = this.#starts[place];
    const next = this.#starts[place + 1];
    return start === undefined || next === undefined ? undefined : this.#bytes.toString('utf8', start, next - 1);
  }

  /** Some of the lines. */
  slice(from: number, to: number): Lines {
    return new Lines(this.#bytes, this.#starts.slice(from, to + 1));
  }

  *[Symbol.iterator](): Generator<string> {
    for (let place = 0; place < this.length; place++) yield this.at(place)!;
  }
}

function startsIn(bytes: Buffer): number[] {
  const starts = [0];
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, end + 1)) starts.push(end + 1);
  starts.push(bytes.length + 1);
  return starts;
}

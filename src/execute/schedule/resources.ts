/** What actions share: places, processors, memory, room on the disk. An action starts when what it asks for is free. */

const KINDS = ['places', 'cpus', 'memoryMiB', 'diskMiB'] as const;

/** Something of each kind. */
export type Amounts = Readonly<Record<(typeof KINDS)[number], number>>;

/** How many behind the first that must wait are looked at for one that fits. */
const LOOK_AHEAD = 100;

interface Waiting {
  /** What it is to hold, as far as that is free. */
  readonly wanted: Amounts;
  /** What it does not start without. */
  readonly least: Amounts;
  /** The more urgent goes first. */
  readonly urgency: () => number;
  readonly start: (held: Amounts) => void;
  /** What those hold that went past it. */
  readonly passedBy: Amounts[];
}

/**
 * Gives out resources, the most urgent first, among equals in the order of asking. The first that does not fit may be
 * passed by others, as long as it fits beside all that passed it: it waits for nobody who came later, so a large action is
 * not starved by small ones, nor do these idle while it waits. Processors can be shared, memory cannot: half of the
 * processors that an action would keep busy are enough for it to start.
 */
export class Resources {
  readonly #total: Amounts;
  #free: Amounts;
  readonly #held = new Set<Amounts>();
  /** The most urgent first. */
  readonly #waiting: Waiting[] = [];
  readonly #arrived: Waiting[] = [];
  #due = false;

  constructor(total: Amounts) {
    this.#total = this.#free = total;
  }

  /**
   * Runs work while it holds what it asks for. What asks for more than there is gets all there is. `urgency` is asked
   * once, and only if there is a choice.
   */
  async hold<T>(asked: Amounts, work: (held: Amounts) => Promise<T>, urgency: () => number = () => 0): Promise<T> {
    const wanted = combine(asked, this.#total, Math.min);
    const least = { ...wanted, cpus: Math.max(Math.min(wanted.cpus, 1), wanted.cpus / 2) };
    const held = await new Promise<Amounts>((start) => {
      this.#arrived.push({ wanted, least, urgency: once(urgency), start, passedBy: [] });
      this.#startSoon();
    });
    try {
      return await work(held);
    } finally {
      this.#held.delete(held);
      this.#free = combine(this.#free, held, plus);
      this.#startSoon();
    }
  }

  /** When all that are ready at this moment have asked: the first to ask need not be the most urgent. */
  #startSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      for (const one of this.#arrived.splice(0)) this.#queue(one);
      this.#startWhatFits();
    });
  }

  /** Behind all that are as urgent. */
  #queue(one: Waiting): void {
    let [from, to] = [0, this.#waiting.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#waiting[middle]!.urgency() >= one.urgency()) from = middle + 1;
      else to = middle;
    }
    this.#waiting.splice(from, 0, one);
  }

  #startWhatFits(): void {
    let first: Waiting | undefined;
    for (let index = 0; index < this.#waiting.length && index <= LOOK_AHEAD;) {
      const one = this.#waiting[index]!;
      if (this.#free.places < 1 || this.#free.cpus <= 0) return;
      if (fits(one.least, this.#free) && (!first || this.#mayPass(first, one))) {
        this.#waiting.splice(index, 1);
        const held = this.#start(one);
        first?.passedBy.push(held);
      } else {
        first ??= one;
        index++;
      }
    }
  }

  #mayPass(first: Waiting, one: Waiting): boolean {
    const running = first.passedBy.filter((held) => this.#held.has(held));
    const together = running.reduce((sum, held) => combine(sum, held, plus), combine(first.least, one.wanted, plus));
    return fits(together, this.#total);
  }

  #start({ wanted, start }: Waiting): Amounts {
    const held = combine(wanted, this.#free, Math.min);
    this.#held.add(held);
    this.#free = combine(this.#free, held, minus);
    start(held);
    return held;
  }
}

const plus = (a: number, b: number): number => a + b;
const minus = (a: number, b: number): number => a - b;

function combine(a: Amounts, b: Amounts, by: (a: number, b: number) => number): Amounts {
  const of = (kind: (typeof KINDS)[number]): number => by(a[kind], b[kind]);
  return { places: of('places'), cpus: of('cpus'), memoryMiB: of('memoryMiB'), diskMiB: of('diskMiB') };
}

function fits(wanted: Amounts, into: Amounts): boolean {
  return KINDS.every((kind) => wanted[kind] <= into[kind]);
}

function once(ask: () => number): () => number {
  let known: number | undefined;
  return () => (known ??= ask());
}

/** What actions share: places, processors, memory, room on the disk. An action starts when what it asks for is free. */

const KINDS = ['places', 'cpus', 'memoryMiB', 'diskMiB'] as const;

/** Something of each kind. */
export type Amounts = Readonly<Record<(typeof KINDS)[number], number>>;

/** How many behind the first that must wait are looked at for one that fits. */
const LOOK_AHEAD = 100;

interface Waiting {
  readonly wanted: Amounts;
  /** The more urgent goes first. */
  readonly urgency: () => number;
  readonly start: () => void;
  /** What those hold that went past it. */
  readonly passedBy: Amounts[];
}

/**
 * Gives out resources, the most urgent first, among equals in the order of asking. The first that does not fit may be
 * passed by others, as long as it fits beside all that passed it: it waits for nobody who came later, so a large action is
 * not starved by small ones, nor do these idle while it waits.
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
  async hold<T>(asked: Amounts, work: () => Promise<T>, urgency: () => number = () => 0): Promise<T> {
    const wanted = combine(asked, this.#total, Math.min);
    await new Promise<void>((start) => {
      this.#arrived.push({ wanted, urgency: once(urgency), start, passedBy: [] });
      this.#startSoon();
    });
    try {
      return await work();
    } finally {
      this.#held.delete(wanted);
      this.#free = combine(this.#free, wanted, plus);
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
      if (fits(one.wanted, this.#free) && (!first || this.#mayPass(first, one))) {
        this.#waiting.splice(index, 1);
        first?.passedBy.push(one.wanted);
        this.#start(one);
      } else {
        first ??= one;
        index++;
      }
    }
  }

  #mayPass(first: Waiting, one: Waiting): boolean {
    const running = first.passedBy.filter((wanted) => this.#held.has(wanted));
    const together = running.reduce(
      (sum, wanted) => combine(sum, wanted, plus),
      combine(first.wanted, one.wanted, plus),
    );
    return fits(together, this.#total);
  }

  #start({ wanted, start }: Waiting): void {
    this.#held.add(wanted);
    this.#free = combine(this.#free, wanted, minus);
    start();
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

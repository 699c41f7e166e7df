/** What actions share: processors and memory. An action starts when what it needs is free. */
import { availableParallelism, totalmem } from 'node:os';
import type { Needs } from '../model/rule.ts';

const DEFAULT_MEMORY_MIB = 256;
/** The rest belongs to the builder and to the user. */
const MEMORY_SHARE = 0.75;

interface Waiting {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly start: () => void;
}

export class Resources {
  #freeCpus: number;
  #freeMemoryMiB: number;
  readonly #cpus: number;
  readonly #memoryMiB: number;
  readonly #waiting: Waiting[] = [];

  constructor(cpus = availableParallelism(), memoryMiB = (totalmem() / 2 ** 20) * MEMORY_SHARE) {
    this.#freeCpus = this.#cpus = cpus;
    this.#freeMemoryMiB = this.#memoryMiB = memoryMiB;
  }

  /** Runs work while it holds what it needs. What needs more than there is gets all there is. */
  async hold<T>(needs: Needs, work: () => Promise<T>): Promise<T> {
    const cpus = Math.min(needs.cpus ?? 1, this.#cpus);
    const memoryMiB = Math.min(needs.memoryMiB ?? DEFAULT_MEMORY_MIB, this.#memoryMiB);
    await new Promise<void>((start) => {
      this.#waiting.push({ cpus, memoryMiB, start });
      this.#startNext();
    });
    try {
      return await work();
    } finally {
      this.#freeCpus += cpus;
      this.#freeMemoryMiB += memoryMiB;
      this.#startNext();
    }
  }

  /** First come, first served: a big action is not starved by small ones. */
  #startNext(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.cpus > this.#freeCpus || next.memoryMiB > this.#freeMemoryMiB) return;
      this.#waiting.shift();
      this.#freeCpus -= next.cpus;
      this.#freeMemoryMiB -= next.memoryMiB;
      next.start();
    }
  }
}

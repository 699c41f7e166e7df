/**
 * What the machines of a build have shown, within bounds. Of too much, every other one of the older moments goes; if that is
 * not enough, the oldest go, at last even the last ones of machines.
 */
import type { PageMoment } from './protocol.ts';

const MOST_CHARACTERS = 6 * 1024 * 1024;
/** What a moment takes apart from what it shows, about. */
const MOMENT_CHARACTERS = 200;

export class Moments {
  #kept: PageMoment[] = [];
  #new: PageMoment[] = [];
  #characters = 0;

  get kept(): readonly PageMoment[] {
    return this.#kept;
  }

  add(moment: PageMoment): void {
    this.#kept.push(moment);
    this.#new.push(moment);
    this.#characters += sizeOf(moment);
    if (this.#characters > MOST_CHARACTERS) this.#thinOut();
  }

  /** Those that were added since this was last asked. */
  takeNew(): readonly PageMoment[] {
    const found = this.#new;
    this.#new = [];
    return found;
  }

  /** The last picture of each machine stays longest: it is what a failure has left. */
  #thinOut(): void {
    const last = new Map(this.#kept.map((one) => [nameOf(one), one]));
    let number = 0;
    const isLast = (one: PageMoment): boolean => last.get(nameOf(one)) === one;
    const stays = (one: PageMoment, index: number): boolean =>
      index > this.#kept.length * 0.75 || isLast(one) || number++ % 2 === 0;
    const left = this.#kept.filter(stays);
    this.#characters = left.reduce((sum, one) => sum + sizeOf(one), 0);
    const kept = new Set(left);
    for (const one of [...left.filter((one) => !isLast(one)), ...left.filter(isLast)]) {
      if (this.#characters <= MOST_CHARACTERS) break;
      kept.delete(one);
      this.#characters -= sizeOf(one);
    }
    this.#kept = [...kept];
    this.#new = this.#new.filter((one) => kept.has(one));
  }
}

function sizeOf({ picture = '', console = '' }: PageMoment): number {
  return picture.length + console.length + MOMENT_CHARACTERS;
}

function nameOf({ place, machine, picture }: PageMoment): string {
  return `${place} ${machine} ${picture === undefined}`;
}

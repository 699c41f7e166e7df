/** What the machines of a build have shown, within bounds: of too many pictures, every other one of the older ones goes. */
import type { PageMoment } from './protocol.ts';

const MOST_CHARACTERS = 6 * 1024 * 1024;

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

  /** The last picture of each machine stays: it is what a failure has left. */
  #thinOut(): void {
    const last = new Map(this.#kept.map((one) => [nameOf(one), one]));
    let number = 0;
    const stays = (one: PageMoment, index: number): boolean =>
      index > this.#kept.length * 0.75 || last.get(nameOf(one)) === one || number++ % 2 === 0;
    this.#kept = this.#kept.filter(stays);
    this.#new = this.#new.filter((one) => this.#kept.includes(one));
    this.#characters = this.#kept.reduce((sum, one) => sum + sizeOf(one), 0);
  }
}

function sizeOf({ picture = '', console = '' }: PageMoment): number {
  return picture.length + console.length;
}

function nameOf({ place, machine, picture }: PageMoment): string {
  return `${place} ${machine} ${picture === undefined}`;
}

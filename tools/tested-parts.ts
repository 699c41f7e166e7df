/** Reports of a run of everything that was made in parts: they are kept in a folder by commit, until none is missing. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The second of five: `2/5`. */
export interface Part {
  readonly number: number;
  readonly of: number;
}

/** Reads `2/5`; undefined for anything else. */
export function partOf(text: string): Part | undefined {
  const [, number, of] = /^([1-9]\d?)\/([1-9]\d?)$/.exec(text) ?? [];
  const part = { number: Number(number), of: Number(of) };
  return part.number <= part.of ? part : undefined;
}

/** The parts of one commit. */
export class Parts {
  readonly #folder: string;
  readonly #of: number;

  constructor(folder: string, commit: string, of: number) {
    this.#folder = join(folder, `${commit}-in-${of}`);
    this.#of = of;
  }

  /** Keeps a report in the place of one that an earlier run of the same part has made. */
  keep(number: number, report: string): void {
    mkdirSync(this.#folder, { recursive: true });
    cpSync(report, this.#report(number));
  }

  /** Numbers of the parts that were not run yet. */
  get missing(): readonly number[] {
    return this.#numbers().filter((number) => !existsSync(this.#report(number)));
  }

  get reports(): readonly string[] {
    return this.#numbers().map((number) => this.#report(number));
  }

  #numbers(): readonly number[] {
    return Array.from({ length: this.#of }, (_, index) => index + 1);
  }

  #report(number: number): string {
    return join(this.#folder, `${number}.json`);
  }
}

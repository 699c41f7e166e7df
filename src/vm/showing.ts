/** Tells the engine what a machine shows, while a step runs it: pictures of its screen while they change, and its console. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RECORD_MARK } from '../step/main.ts';
import type { Console } from './console.ts';

/** A picture a second while the screen changes, and ever fewer while it does not, or only its cursor blinks. */
const PICTURE_MS = 1000;
const SLOWEST_PICTURE_MS = 4000;
const CONSOLE_MS = 500;
/** More of either is not told: a record has a bound. */
const MOST_PICTURE_BYTES = 128 * 1024;
const MOST_CONSOLE_CHARACTERS = 16 * 1024;

/** Only there is somebody who reads records. */
const IN_A_STEP = existsSync('/dsmb/step.json');

/** What is to be shown of a machine. */
export interface Shown {
  readonly console: Console;
  /** Writes what the screen shows to a PNG file. */
  screenshot(file: string): Promise<void>;
}

/** Takes what is told: by default a line on standard error for the engine. */
export type Tell = (record: MachineRecord) => void;

export interface MachineRecord {
  readonly type: 'machine';
  /** Which of those that the step has started, from 1. */
  readonly machine: number;
  /** A PNG in base64. */
  readonly picture?: string;
  /** What the console has said since, without control sequences. */
  readonly console?: string;
}

let machines = 0;

/** Shows a machine until this is disposed of. `folder` takes the picture. Nobody waits for it, and it fails in silence. */
export class Showing implements Disposable {
  readonly #shown: Shown;
  readonly #file: string;
  readonly #tell: Tell;
  readonly #machine = ++machines;
  readonly #timer: NodeJS.Timeout;
  #nextLook: NodeJS.Timeout | undefined;
  #said = '';
  /** The last two pictures: a cursor that blinks has two. */
  #last: readonly Buffer[] = [];
  #pauseMs = PICTURE_MS;
  #ended = false;

  readonly #hear = (added: string): void => {
    this.#said = (this.#said + added).slice(-MOST_CONSOLE_CHARACTERS);
  };

  private constructor(shown: Shown, folder: string, tell: Tell) {
    this.#shown = shown;
    this.#file = join(folder, 'screen.png');
    this.#tell = tell;
    this.#hear(shown.console.text);
    shown.console.on('text', this.#hear);
    this.#timer = setInterval(() => this.#tellConsole(), CONSOLE_MS).unref();
    this.#lookLater();
  }

  /** Undefined outside of a step's sandbox, unless somebody listens. */
  static of(shown: Shown, folder: string, tell?: Tell): Showing | undefined {
    return tell || IN_A_STEP ? new Showing(shown, folder, tell ?? toEngine) : undefined;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearInterval(this.#timer);
    clearTimeout(this.#nextLook);
    this.#shown.console.off('text', this.#hear);
    this.#tellConsole();
  }

  #tellConsole(): void {
    if (this.#said !== '') this.#tell({ type: 'machine', machine: this.#machine, console: this.#said });
    this.#said = '';
  }

  #lookLater(): void {
    if (!this.#ended) this.#nextLook = setTimeout(() => void this.#look(), this.#pauseMs).unref();
  }

  async #look(): Promise<void> {
    try {
      await this.#shown.screenshot(this.#file);
      this.#seen(await readFile(this.#file));
    } catch {
      // The machine has ended, or cannot tell now: the next look may see more.
    }
    this.#lookLater();
  }

  #seen(picture: Buffer): void {
    const isNew = !this.#last.some((one) => one.equals(picture));
    const isOther = this.#last[0]?.equals(picture) !== true;
    this.#pauseMs = isNew ? PICTURE_MS : Math.min(SLOWEST_PICTURE_MS, 2 * this.#pauseMs);
    if (!isOther) return;
    this.#last = [picture, ...this.#last.slice(0, 1)];
    if (picture.length > MOST_PICTURE_BYTES || this.#ended) return;
    this.#tell({ type: 'machine', machine: this.#machine, picture: picture.toString('base64') });
  }
}

function toEngine(record: MachineRecord): void {
  process.stderr.write(`${RECORD_MARK}${JSON.stringify(record)}\n`);
}

/** The console on a terminal: lines that stay, and below them a block that tells what goes on now. */
import type { BuildEvent } from '../../model/event.ts';
import type { Palette } from '../format.ts';
import type { Outlook } from '../outlook.ts';
import { safeFor } from '../print.ts';
import { frame } from './frame.ts';
import { LiveBlock } from './live-block.ts';
import type { Progress } from './progress.ts';

/** Ten frames a second at most, and only those that differ. */
const FRAME_MS = 100;

export class LiveConsole {
  readonly #out: NodeJS.WriteStream;
  readonly #paint: Palette;
  readonly #progress: Progress;
  readonly #outlook: Outlook | undefined;
  readonly #block: LiveBlock;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream, paint: Palette, progress: Progress, outlook: Outlook | undefined) {
    this.#out = out;
    this.#paint = paint;
    this.#progress = progress;
    this.#outlook = outlook;
    this.#block = new LiveBlock(out);
  }

  /** A terminal that changed its size is drawn on at once. */
  readonly #resized = (): void => this.#draw();

  listen(_event: BuildEvent, lines: readonly string[]): void {
    for (const line of lines) this.#block.print(safeFor(line, this.#out));
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    this.#timer.unref();
    this.#out.on('resize', this.#resized);
  }

  /** Leaves the lines that stay, and takes the block away. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#out.off('resize', this.#resized);
    this.#block.draw([]);
  }

  #draw(): void {
    // A terminal may not know its size.
    const [columns, rows] = [this.#out.columns || 80, this.#out.rows || 24];
    const canvas = { columns, rows, paint: this.#paint, unicode: process.env['TERM'] !== 'linux' };
    const lines = frame(this.#progress, this.#outlook, canvas, performance.now());
    this.#block.draw(lines.map((line) => safeFor(line, this.#out)));
  }
}

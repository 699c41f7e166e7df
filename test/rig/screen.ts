/** What a terminal shows: an emulator without a window that output is written to. */
import headless from '@xterm/headless';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';

/** A frame of a live display ends with this: what stood before is shown at once. */
const END_OF_FRAME = '\x1b[?2026l';

export class Screen {
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  /** The text of the screen, with what has left it at the top, after each frame that was written whole. */
  readonly frames: string[] = [];
  #rest = '';

  constructor(columns = 80, rows = 24) {
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
    this.#terminal.loadAddon(new UnicodeGraphemesAddon());
    this.#terminal.unicode.activeVersion = '15-graphemes';
  }

  /** Writes output; resolves when it is shown. */
  async write(text: string): Promise<void> {
    const parts = `${this.#rest}${text}`.split(END_OF_FRAME);
    this.#rest = parts.pop()!;
    for (const part of parts) {
      await this.#show(`${part}${END_OF_FRAME}`);
      this.frames.push(this.text());
    }
  }

  /** Shows also what came after the last whole frame. */
  async flush(): Promise<void> {
    await this.#show(this.#rest);
    this.#rest = '';
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** All lines, those that have left the screen first; without blanks at the end. */
  text(): string {
    const buffer = this.#terminal.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row)!.translateToString(true));
    return lines.join('\n').trimEnd();
  }

  /** Where the next character would stand, from 0. */
  get column(): number {
    return this.#terminal.buffer.active.cursorX;
  }

  #show(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }
}

/** The pages that follow a build: each gets a snapshot when it comes, then what changes, several times a second. */
import type { ServerResponse } from 'node:http';
import type { BuildState } from './build-state.ts';
import { BEAT_MS, type Message, type WholeBuild } from './protocol.ts';

/** Changes are told together. */
const TELL_MS = 100;
/** A page that lags behind by more has to come again, and gets a snapshot. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
const MOST_PAGES = 16;
/** How long pages may take to get the last message. */
const DRAIN_MS = 2000;

export class Streams {
  readonly #state: BuildState;
  readonly #pages = new Set<ServerResponse>();
  readonly #firstCame = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;
  #lastTold = 0;
  #ended = false;

  constructor(state: BuildState) {
    this.#state = state;
  }

  /** Resolves when the first page has come. */
  get firstCame(): Promise<void> {
    return this.#firstCame.promise;
  }

  /** Whether there is room for one more, which then has it; there is none when the build has ended. */
  add(response: ServerResponse): boolean {
    if (this.#ended || this.#pages.size >= MOST_PAGES) return false;
    // One that is cut off while something is written to it closes as well.
    response.on('error', () => {});
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    // Those who are here already are told first: what has changed is in the snapshot of the new one.
    this.#tell();
    response.write(framed({ type: 'snapshot', snapshot: this.#state.snapshot() }));
    this.#pages.add(response);
    response.on('close', () => this.#leave(response));
    this.#timer ??= setInterval(() => this.#tell(), TELL_MS).unref();
    this.#firstCame.resolve();
    return true;
  }

  /** The last message, which has all that there is; resolves when the pages have it, or take too long. */
  async end(whole: () => Promise<WholeBuild>, again: boolean): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    if (this.#pages.size === 0) return;
    const text = framed({ type: 'ended', whole: await whole(), again });
    const gone = [...this.#pages].map((page) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      page.on('close', resolve);
      page.end(text);
      return promise;
    });
    this.#pages.clear();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, DRAIN_MS);
    await Promise.race([Promise.all(gone), late.promise]);
    clearTimeout(timer);
  }

  #leave(page: ServerResponse): void {
    this.#pages.delete(page);
    if (this.#pages.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell(): void {
    const change = this.#state.takeChange();
    const now = performance.now();
    if (!change && now - this.#lastTold < BEAT_MS) return;
    this.#lastTold = now;
    const elapsedMs = this.#state.head.elapsedMs ?? 0;
    const text = framed(change ? { type: 'change', change } : { type: 'beat', elapsedMs });
    for (const page of this.#pages)
      if (page.writableLength > MOST_WAITING_BYTES) page.destroy();
      else page.write(text);
  }
}

function framed(message: Message): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}

/** The console: shows a build as it goes on, on a terminal or as plain lines; nothing else prints. */
import type { BuildEvent } from '../model/event.ts';
import { linesOf } from './console/lines.ts';
import { LiveConsole } from './console/live.ts';
import { PlainConsole } from './console/plain.ts';
import { Progress } from './console/progress.ts';
import { formatDiagnostic } from './diagnostics.ts';
import { palette, type Palette } from './format.ts';
import type { Outlook } from './outlook.ts';
import { printLine } from './print.ts';

export interface ConsoleOptions {
  readonly out?: NodeJS.WriteStream;
  /** Only what went wrong. */
  readonly quiet?: boolean;
  /** Knows how long it will take. */
  readonly outlook?: Outlook;
}

/** What becomes of an event, and of the lines that it gives in any case. */
interface View {
  listen(event: BuildEvent, lines: readonly string[]): void;
  end(): void;
}

export class ConsoleReporter implements Disposable {
  readonly #out: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #paint: ReturnType<typeof palette>;
  readonly #progress = new Progress();
  readonly #view: View;
  /** Where outputs lie is told at the end, and only if anything was done. */
  #outputs: string[] = [];
  /** What went wrong is told at the end, in full: what was under way beside it would push it off the screen. */
  #failures: string[] = [];

  constructor({ out = process.stderr, quiet = false, outlook }: ConsoleOptions = {}) {
    this.#out = out;
    this.#quiet = quiet;
    this.#paint = palette(out);
    this.#view = viewOn(out, quiet, this.#paint, this.#progress, outlook);
  }

  readonly listen = (event: BuildEvent): void => {
    this.#progress.listen(event);
    const lines = linesOf(event, this.#paint, this.#quiet);
    if (event.type === 'action-finished' && event.diagnostic)
      this.#failures.push(formatDiagnostic(event.diagnostic, this.#paint));
    if (event.type === 'output') this.#outputs.push(...lines);
    else if (event.type === 'build-finished') this.#finish(event, lines);
    else this.#view.listen(event, lines);
  };

  /** What has failed is told also where the build does not come to its end. */
  [Symbol.dispose](): void {
    this.#view.end();
    for (const failure of this.#failures) printLine(failure, this.#out);
  }

  #finish(event: BuildEvent & { type: 'build-finished' }, lines: readonly string[]): void {
    const outputs = this.#progress.eventful ? this.#outputs : [];
    const failures = this.#failures;
    [this.#outputs, this.#failures] = [[], []];
    this.#progress.activities.clear();
    this.#view.listen(event, [...outputs, ...failures, ...lines]);
    this.#view.end();
  }
}

function viewOn(
  out: NodeJS.WriteStream,
  quiet: boolean,
  paint: Palette,
  progress: Progress,
  outlook: Outlook | undefined,
): View {
  const write = (line: string): void => printLine(line, out);
  if (quiet) return { listen: (_event, lines) => lines.forEach(write), end() {} };
  return isForPeople(out)
    ? new LiveConsole(out, paint, progress, outlook)
    : new PlainConsole(write, paint, progress, outlook);
}

/** A live display is for people who look: not for logs, nor for the terminals that some CI systems put before them. */
function isForPeople(out: NodeJS.WriteStream): boolean {
  const { TERM, CI } = process.env;
  return out.isTTY === true && TERM !== 'dumb' && (!CI || CI === 'false');
}

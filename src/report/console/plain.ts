/** The console without a terminal: a line when something begins, gets on, lasts long, or ends. No control codes. */
import { actionId, type BuildEvent } from '../../model/event.ts';
import { formatDuration, type Palette } from '../format.ts';
import { printable } from '../printable.ts';
import type { Outlook } from '../outlook.ts';
import { hasEnded, nameOfSet, type Activity, type Progress } from './progress.ts';

/** A percentage is told at each of these steps. */
const PERCENT_STEP = 25;
/** What runs is told this often, so that a log that grows shows what it waits for. */
const REMINDER_MS = 60_000;

export class PlainConsole {
  readonly #write: (line: string) => void;
  readonly #paint: Palette;
  readonly #progress: Progress;
  readonly #outlook: Outlook | undefined;
  readonly #reminderMs: number;
  /** What was last told of the stage of something. */
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    write: (line: string) => void,
    paint: Palette,
    progress: Progress,
    outlook: Outlook | undefined,
    reminderMs = REMINDER_MS,
  ) {
    this.#write = write;
    this.#paint = paint;
    this.#progress = progress;
    this.#outlook = outlook;
    this.#reminderMs = reminderMs;
  }

  listen(event: BuildEvent, lines: readonly string[]): void {
    for (const line of [...this.#begun(event), ...lines]) this.#write(line);
    if (this.#timer || this.#progress.activities.size === 0) return;
    this.#timer = setInterval(() => this.#remind(), this.#reminderMs / 2);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #begun(event: BuildEvent): string[] {
    const { dim } = this.#paint;
    switch (event.type) {
      case 'action-started':
        return [
          `${dim('start')} ${printable(actionId(event))}${event.remote ? dim(' remote') : ''}${this.#expected(event)}`,
        ];
      case 'action-waiting':
        return [`${dim('wait ')} ${printable(actionId(event))} ${dim('another build is making it')}`];
      case 'action-progress':
        return this.#stage(printable(actionId(event)), event);
      case 'package-progress':
        return hasEnded(event.stage) ? [] : this.#stage(nameOfSet(event.set), event);
      default:
        return [];
    }
  }

  #expected(event: BuildEvent & { type: 'action-started' }): string {
    const past = this.#outlook?.pastMs(event);
    return past === undefined || past < this.#reminderMs ? '' : this.#paint.dim(` (${formatDuration(past)} last time)`);
  }

  #stage(of: string, { stage, percent }: { readonly stage: string; readonly percent?: number }): string[] {
    const step = `${stage} ${percent === undefined ? '' : Math.floor(percent / PERCENT_STEP)}`;
    if (this.#told.get(of) === step) return [];
    this.#told.set(of, step);
    return [`      ${of}: ${stageText(printable(stage), percent)}`];
  }

  /** Of what has run for long, at most one line each time. */
  #remind(): void {
    const now = performance.now();
    for (const activity of this.#progress.activities.values()) {
      if (now - activity.told < this.#reminderMs) continue;
      activity.told = now;
      this.#write(this.#reminder(activity, now));
    }
  }

  #reminder({ what, name, since, stage, percent }: Activity, now: number): string {
    const text = what === 'wait' ? 'another build is making it' : stageText(stage, percent);
    return `${this.#paint.dim(what === 'wait' ? 'wait ' : 'still')} ${name} ${formatDuration(now - since)} ${text}`.trimEnd();
  }
}

function stageText(stage: string, percent: number | undefined): string {
  return percent === undefined ? stage : `${stage} ${Math.floor(percent)} %`;
}

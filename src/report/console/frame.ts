/** One frame of the live display: what runs, how far the whole is, and what all of it waits for. */
import { actionId } from '../../model/event.ts';
import { formatBytes, formatClock, type Palette } from '../format.ts';
import type { Outlook, Remaining } from '../outlook.ts';
import type { Activity, Progress } from './progress.ts';
import { paintLine, type Line, type Span } from './span.ts';
import { widthOf } from './width.ts';

/** What a frame is drawn on. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Palette;
  /** Whether it has other characters than ASCII: the console of Linux has few. */
  readonly unicode: boolean;
}

/** A terminal of at least this many columns has bars. */
const BARS_FROM_COLUMNS = 60;
const STAGE_BAR = 12;
const WHOLE_BAR = 24;
/** At most this part of the terminal is taken. */
const SHARE_OF_ROWS = 0.5;
const MIN_ACTIVITIES = 3;
/** Less than this is not worth telling. */
const MIN_REMAINING_MS = 1000;

/** The painted lines of a frame; none when nothing goes on. They leave a column and a row of the terminal free. */
export function frame(progress: Progress, outlook: Outlook | undefined, canvas: Canvas, now: number): string[] {
  if (progress.activities.size === 0) return [];
  const remaining = outlook?.remaining(now);
  const critical = remaining?.criticalPath.length ? actionId(remaining.criticalPath[0]!) : undefined;
  const activities = [...progress.activities].map(([id, activity]) =>
    activityLine(activity, outlook, canvas, now, id === critical),
  );
  const lines = [
    ...fold(activities, canvas),
    summaryLine(progress, remaining, canvas, now),
    ...criticalPathLine(remaining, canvas),
  ];
  // The last row is the cursor's. A frame that scrolls would leave its first line behind.
  return lines.slice(0, canvas.rows - 1).map((line) => paintLine(line, Math.max(1, canvas.columns - 1)));
}

/** The oldest activities, as many as there is room for. */
function fold(lines: readonly Line[], { rows, paint }: Canvas): Line[] {
  const room = Math.min(Math.max(MIN_ACTIVITIES, Math.floor(rows * SHARE_OF_ROWS)), Math.max(1, rows - 4));
  if (lines.length <= room) return [...lines];
  return [...lines.slice(0, room - 1), [[`  and ${lines.length - room + 1} more`, paint.dim]]];
}

function activityLine(
  { what, name, since, action, stage, percent, fetched }: Activity,
  outlook: Outlook | undefined,
  canvas: Canvas,
  now: number,
  isCritical: boolean,
): Line {
  const { paint, unicode } = canvas;
  const [running, waiting] = unicode ? ['▸ ', '◦ '] : ['> ', '. '];
  const mark: Span = what === 'wait' ? [waiting, paint.dim] : [running, isCritical ? paint.yellow : paint.blue];
  const past = action && what === 'action' ? outlook?.pastMs(action) : undefined;
  const expected = past !== undefined && past >= MIN_REMAINING_MS ? ` of about ${formatClock(past)}` : '';
  const doing = fetched ? fetchedText(fetched, now) : stage;
  const told: Span[] = doing === '' ? [] : [`  ${doing}`];
  const bar =
    percent === undefined ? [] : ['  ', ...progressBar(percent / 100, STAGE_BAR, canvas), percentText(percent)];
  return [mark, name, [`  ${formatClock(now - since)}${expected}`, paint.dim], ...bar, ...told];
}

/** `12.5 MiB of 80 MiB, 4.1 MiB/s`. */
function fetchedText({ done, total, since, from }: NonNullable<Activity['fetched']>, now: number): string {
  const seconds = (now - since) / 1000;
  const rate = seconds > 0 && done > from ? `, ${formatBytes((done - from) / seconds)}/s` : '';
  return `${formatBytes(done)} of ${formatBytes(total)}${rate}`;
}

function summaryLine(progress: Progress, remaining: Remaining | undefined, canvas: Canvas, now: number): Line {
  const { finished, total } = progress;
  const counts = [
    `${finished}/${total}`,
    `${progress.count('action') + progress.count('packages')} running`,
    ...(progress.count('wait') > 0 ? [`${progress.count('wait')} waiting`] : []),
    ...(progress.queued.size > 0 ? [`${progress.queued.size} queued`] : []),
    ...leftText(remaining),
  ];
  const bar = total > 0 ? progressBar(finished / total, WHOLE_BAR, canvas) : [];
  return [
    '  ',
    ...bar,
    bar.length > 0 ? '  ' : '',
    counts.join(', '),
    [`  ${formatClock(now - progress.since)}`, canvas.paint.dim],
  ];
}

function leftText(remaining: Remaining | undefined): string[] {
  if (!remaining || remaining.ms < MIN_REMAINING_MS) return [];
  return [`${remaining.untimed > 0 ? 'more than' : 'about'} ${roughly(remaining.ms)} left`];
}

/** A guess has no fractions. */
function roughly(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  const whole = Math.round(ms / 60_000);
  return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
}

/** What the end of the build waits for longest, when that is more than one action. */
function criticalPathLine(remaining: Remaining | undefined, { paint, columns, unicode }: Canvas): Line[] {
  if (!remaining || remaining.ms < MIN_REMAINING_MS || remaining.criticalPath.length < 2) return [];
  const names = remaining.criticalPath.map(actionId);
  const arrow = unicode ? ' → ' : ' > ';
  const line = (shown: readonly string[]): string => `  critical path: ${shown.join(arrow)}`;
  // The beginning and the end tell most.
  const all = line(names);
  const short = names.length > 3 ? line([names[0]!, names[1]!, unicode ? '…' : '...', names.at(-1)!]) : all;
  return [[[widthOf(all) < columns ? all : short, paint.dim]]];
}

function progressBar(share: number, width: number, { columns, unicode, paint }: Canvas): Span[] {
  if (columns < BARS_FROM_COLUMNS) return [];
  const [full, empty] = unicode ? ['━', '╌'] : ['=', '-'];
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return [
    [full.repeat(filled), paint.green],
    [empty.repeat(width - filled), paint.dim],
  ];
}

function percentText(percent: number): string {
  return ` ${String(Math.floor(percent)).padStart(3)} %`;
}

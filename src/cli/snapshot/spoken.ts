/** What a build says on the console, as lines that the launcher can say again. */
import type { BuildEvent } from '../../model/event.ts';
import { linesOf } from '../../report/console/lines.ts';
import { formatDuration, palette } from '../../report/format.ts';

/** A time that is nowhere else in the last line. */
const PLACEHOLDER_MS = 987;

/** `t` and a line; of the last line, what is before (`b`) and after (`a`) the duration. */
export function spoken(events: readonly BuildEvent[], out: NodeJS.WriteStream = process.stderr): string[] {
  const paint = palette(out);
  // Where outputs lie is said by a build that has laid one out: by no build with nothing to do.
  const lines = events.flatMap((event) =>
    event.type === 'build-finished' ? linesOf({ ...event, durationMs: PLACEHOLDER_MS }, paint, false) : [],
  );
  const [before = '', after = ''] = lines.pop()?.split(formatDuration(PLACEHOLDER_MS)) ?? [];
  return [...lines.map((line) => `t${line}`), `b${before}`, `a${after}`];
}

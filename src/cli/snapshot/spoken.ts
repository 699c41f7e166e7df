/** What a build says on the console, as lines that the launcher can say again. */
import type { BuildEvent } from '../../model/event.ts';
import { ConsoleReporter } from '../../report/console.ts';
import { formatDuration } from '../../report/format.ts';

/** A time that is nowhere else in the last line. */
const PLACEHOLDER_MS = 987;

/** `t` and a line; of the last line, what is before (`b`) and after (`a`) the duration. */
export function spoken(events: readonly BuildEvent[], { isTTY, columns } = process.stderr): string[] {
  let text = '';
  const stream = { isTTY, columns, write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream;
  using reporter = new ConsoleReporter(stream);
  for (const event of events)
    reporter.listen(event.type === 'build-finished' ? { ...event, durationMs: PLACEHOLDER_MS } : event);
  const lines = text.trimEnd().split('\n');
  const [before = '', after = ''] = lines.pop()?.split(formatDuration(PLACEHOLDER_MS)) ?? [];
  return [...lines.map((line) => `t${line}`), `b${before}`, `a${after}`];
}

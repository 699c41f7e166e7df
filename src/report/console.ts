/** The console: what runs and how far it is; a live block on a terminal, plain lines elsewhere. */
import type { BuildEvent } from '../model/event.ts';
import { formatDiagnostic } from './diagnostics.ts';
import { formatBytes, formatDuration, palette, plural } from './format.ts';

interface RunningAction {
  readonly name: string;
  readonly since: number;
  stage: string;
}

const REFRESH_MS = 100;
/** Without a terminal a stage is told when it changes, and a percentage at each of these steps. */
const PLAIN_PERCENT_STEP = 25;

export class ConsoleReporter implements Disposable {
  readonly #out: NodeJS.WriteStream;
  readonly #paint: ReturnType<typeof palette>;
  readonly #running = new Map<string, RunningAction>();
  readonly #sets = new Map<string, string>();
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
    this.#paint = palette(out);
  }

  readonly listen = (event: BuildEvent): void => {
    const { dim, green, yellow, bold } = this.#paint;
    switch (event.type) {
      case 'build-started':
        return this.#startTimer();
      case 'package-progress':
        return this.#stage(this.#sets, event.set, `packages for '${event.set}': ${stageText(event)}`, event.percent);
      case 'action-started': {
        this.#running.set(nameOf(event), { name: nameOf(event), since: performance.now(), stage: '' });
        if (!this.#live) this.#line(`${dim('start')} ${nameOf(event)}`);
        return this.#draw();
      }
      case 'action-waiting': {
        const stage = 'waiting for another build that makes it';
        this.#running.set(nameOf(event), { name: nameOf(event), since: performance.now(), stage });
        if (!this.#live) this.#line(`${dim('wait ')} ${nameOf(event)} ${dim('another build makes it')}`);
        return this.#draw();
      }
      case 'action-progress': {
        const running = this.#running.get(nameOf(event));
        if (!running) return;
        const before = running.stage;
        running.stage = stageText(event);
        if (!this.#live && plainStep(before) !== plainStep(running.stage))
          this.#line(`      ${nameOf(event)}: ${running.stage}`);
        return;
      }
      case 'action-finished': {
        this.#running.delete(nameOf(event));
        if (event.outcome === 'executed')
          this.#line(`${green('done ')} ${nameOf(event)} ${dim(formatDuration(event.durationMs))}`);
        if (event.diagnostic) this.#line(formatDiagnostic(event.diagnostic, this.#paint));
        return this.#draw();
      }
      case 'warning':
        return this.#line(`${yellow('warning')} ${event.message}`);
      case 'store-collected': {
        const { removedBytes, keptBytes } = event;
        return this.#line(
          dim(`store: ${formatBytes(removedBytes)} removed, ${formatBytes(keptBytes)} kept (dsmb gc --help)`),
        );
      }
      case 'output':
        return this.#line(`${bold(event.label)} ${dim('→')} ${event.path}`);
      case 'build-finished': {
        this[Symbol.dispose]();
        return this.#line(summary(event, this.#paint));
      }
      default:
        return event satisfies never;
    }
  };

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#erase();
    this.#running.clear();
    this.#sets.clear();
  }

  get #live(): boolean {
    return this.#out.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  #stage(into: Map<string, string>, key: string, text: string, percent?: number): void {
    const before = into.get(key) ?? '';
    if (percent === 100) into.delete(key);
    else into.set(key, text);
    if (!this.#live && plainStep(before) !== plainStep(text)) this.#line(`      ${text}`);
  }

  #startTimer(): void {
    if (!this.#live) return;
    this.#timer = setInterval(() => this.#draw(), REFRESH_MS);
    this.#timer.unref();
  }

  #line(text: string): void {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  #draw(): void {
    if (!this.#live) return;
    const { dim, blue } = this.#paint;
    const now = performance.now();
    const lines = [
      ...[...this.#running.values()].map(
        ({ name, since, stage }) => `${blue('▸')} ${name} ${dim(formatDuration(now - since))}${stage && ` ${stage}`}`,
      ),
      ...[...this.#sets.values()].map((text) => `${blue('▸')} ${text}`),
    ];
    this.#erase();
    const width = this.#out.columns || 80;
    for (const line of lines) this.#out.write(`${truncate(line, width)}\n`);
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#out.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }
}

function nameOf({ label, mnemonic }: { label: string; mnemonic: string }): string {
  return `${label} ${mnemonic}`;
}

function stageText({ stage, percent }: { stage: string; percent?: number }): string {
  return percent === undefined ? stage : `${stage} ${Math.floor(percent)} %`;
}

/** What of a stage's text must change for a plain line to be printed. */
function plainStep(text: string): string {
  return text.replace(/(\d+) %$/, (_all, percent: string) => String(Math.floor(Number(percent) / PLAIN_PERCENT_STEP)));
}

function summary(
  event: BuildEvent & { type: 'build-finished' },
  { green, red, bold }: ReturnType<typeof palette>,
): string {
  const { executed, cached, failed, skipped } = event.counts;
  const parts = [`${executed} executed`, `${cached} cached`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  const total = executed + cached + failed + skipped;
  const verdict = event.success ? green('build succeeded') : red('build failed');
  return `${bold(verdict)} in ${formatDuration(event.durationMs)}: ${plural(total, 'action')} (${parts.join(', ')})`;
}

/** Cuts a line with colour codes to a width; codes have no width, wide characters have two columns. */
function truncate(line: string, width: number): string {
  let columns = 0;
  let result = '';
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    if (part.startsWith('\x1b')) {
      result += part;
      continue;
    }
    for (const character of part) {
      columns +=
        /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
          character,
        )
          ? 2
          : 1;
      if (columns >= width) return `${result}\x1b[0m`;
      result += character;
    }
  }
  return result;
}

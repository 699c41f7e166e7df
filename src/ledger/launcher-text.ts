/**
 * What the launcher reads of a build that had nothing to do, projected from its entry. While all that it rests on is as it
 * was, the same request has nothing to do again, and `dsmb` (the shell script) answers it without starting Node.
 */
import { readFileSync, rmSync } from 'node:fs';
import { writeAtomically } from '../../cache/files.ts';
import { Looks } from '../../cache/ways.ts';
import type { BuildEvent } from '../model/event.ts';
import { linesOf } from '../report/console/lines.ts';
import { formatDuration, palette } from '../report/format.ts';
import { listPath, type BuildHeader } from '../report/history/record.ts';
import type { BuildRecorder } from '../report/history/recorder.ts';
import { outputFolder, stampOf } from '../deliver/outputs.ts';
import { isBecause, type Because } from './because.ts';
import type { Entry } from './entry.ts';
import { lookAt } from './look.ts';
import { Places } from './places.ts';
import { isStill } from './up-to-date.ts';

/** The first line; another format has another. */
const FORMAT = 'dsmb-launcher 1';

/** Follows a build that the launcher may come to settle. */
export class LauncherText {
  readonly #path: string;
  readonly #events: BuildEvent[] = [];
  readonly #startedAt = performance.timeOrigin;
  #quiet = true;

  constructor(path: string) {
    this.#path = path;
  }

  /** Only a build that did and said nothing of its own may be told again. */
  readonly listen = (event: BuildEvent): void => {
    if (event.type === 'phase-finished' || event.type === 'note') return;
    const ordinary =
      event.type === 'build-started' ||
      event.type === 'output' ||
      (event.type === 'action-finished' && event.outcome === 'cached') ||
      (event.type === 'build-finished' && event.success);
    if (ordinary) this.#events.push(event);
    else this.#quiet = false;
  };

  /**
   * Writes the text after a build that had nothing to do. After any other, the one that is there holds no more. Gives why
   * there is none although nothing was to be done.
   */
  save(entry: Entry, recorder: BuildRecorder): Because | undefined {
    const text = this.#quiet ? this.#text(entry, recorder) : undefined;
    if (typeof text === 'string') return void writeAtomically(this.#path, text, false);
    rmSync(this.#path, { force: true });
    return text;
  }

  /** Lines of a letter and a text up to a dot; then the paths that are looked at, each ended by a zero byte. */
  #text(entry: Entry, recorder: BuildRecorder): string | Because {
    const { root } = entry;
    const places = placesOf(entry);
    if (isBecause(places)) return places;
    const below = `${root}/`;
    const paths = [...places.seen].map((path) => (path.startsWith(below) ? path.slice(below.length) : path));
    const sight = lookAt(root, paths, this.#startedAt);
    if (isBecause(sight)) return sight;
    const record = recordLines(recorder);
    if (isBecause(record)) return record;
    const lines = [
      ...[...places.present].map((path) => `+${path}`),
      `w${root}`,
      `s${sight.sums}`,
      ...(sight.share === undefined ? [] : [`n${sight.share}`]),
      ...record,
      ...spokenLines(this.#events),
    ];
    const broken = [...lines, ...paths].find((line) => line.includes('\n'));
    if (broken !== undefined) return { because: `there is a line break in ${JSON.stringify(broken)}` };
    if (!isStill(entry)) return { because: 'something has changed since the build looked at it' };
    return [FORMAT, ...lines, '.', ''].join('\n') + paths.map((path) => `${path}\0`).join('');
  }
}

/** All that the launcher looks at: what the entry rests on, and what the build has delivered. */
function placesOf({ root, ground, looked, targets }: Entry): Places | Because {
  const doubt = looked.find((one) => one.doubt !== undefined)?.doubt;
  if (doubt !== undefined) return { because: doubt };
  const places = new Places(new Looks(), ground);
  for (const { paths } of looked) for (const path of paths) places.seen.add(path);
  for (const [label] of targets) {
    // What it says does not count: this build has looked at what lies there.
    places.exists(stampOf(root, label));
    places.tree(outputFolder(root, label));
  }
  return places;
}

/** The record of the build, for the launcher to write again under another name and time. */
function recordLines({ folder, file }: BuildRecorder): string[] | Because {
  const [header = '', cached = '', rest] = readFileSync(file, 'utf8').split('\n');
  // On a full disk it ends in the middle of a line.
  if (rest === undefined) return { because: `${file} is not whole` };
  const { build: _build, startedAt: _startedAt, ...more } = JSON.parse(header) as BuildHeader;
  const list = (JSON.parse(cached) as { cached?: string }).cached;
  return [
    `h${folder}`,
    `r",${JSON.stringify(more).slice(1, -1)},"startedAt":`,
    ...(list === undefined ? [] : [`l${cached}`, `+${listPath(folder, list)}`]),
  ];
}

/** A time that is nowhere else in the last line. */
const PLACEHOLDER_MS = 987;

/** What a build says on the console: `t` and a line; of the last line, what is before (`b`) and after (`a`) the duration. */
function spokenLines(events: readonly BuildEvent[]): string[] {
  const paint = palette(process.stderr);
  // Where outputs lie is said by a build that has laid one out: by no build with nothing to do.
  const lines = events.flatMap((event) =>
    event.type === 'build-finished' ? linesOf({ ...event, durationMs: PLACEHOLDER_MS }, paint, false) : [],
  );
  const [before = '', after = ''] = lines.pop()?.split(formatDuration(PLACEHOLDER_MS)) ?? [];
  return [...lines.map((line) => `t${line}`), `b${before}`, `a${after}`];
}

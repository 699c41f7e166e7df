/**
 * The snapshot of a build that had nothing to do. While all that it rests on is as it was, the same request has nothing
 * to do again, and the launcher settles it without starting Node: `dsmb` (the shell script) reads what this writes.
 */
import { readFileSync, rmSync } from 'node:fs';
import { writeAtomically } from '../../../cache/files.ts';
import type { BuildEvent } from '../../model/event.ts';
import { listPath, type BuildHeader } from '../../report/history/record.ts';
import { outputFolder, stampOf } from '../../report/outputs.ts';
import type { BuildRecorder } from '../../report/history/recorder.ts';
import type { Call } from '../command.ts';
import type { Request } from '../project.ts';
import { evidenceOf, isAsSeen, type Evidence, type RestedOn } from './evidence.ts';
import { lookAt } from './look.ts';
import { spoken } from './spoken.ts';

/** Where the launcher looks for the snapshot of this very request. Without it there is nobody who would read one. */
const VARIABLE = 'DSMB_SNAPSHOT';
/** The first line; another format has another. */
const FORMAT = 'dsmb-snapshot 3';
/** Options with which a build says and leaves nothing but what it does without. */
const PLAIN_OPTIONS = new Set(['set', 'workspace', 'skip-validations', 'keep-going', 'frozen']);

export class Snapshot {
  readonly #path: string;
  readonly #events: BuildEvent[] = [];
  readonly #startedAt = performance.timeOrigin;
  #quiet = true;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Undefined for a request that the launcher does not settle. */
  static of(call: Call, env: NodeJS.ProcessEnv = process.env): Snapshot | undefined {
    const path = env[VARIABLE];
    if (!path?.startsWith('/') || !call.given.every((name) => PLAIN_OPTIONS.has(name))) return undefined;
    return new Snapshot(path);
  }

  /** Only a build that did and said nothing of its own may be told again. */
  readonly listen = (event: BuildEvent): void => {
    if (event.type === 'phase-finished') return;
    const ordinary =
      event.type === 'build-started' ||
      event.type === 'output' ||
      (event.type === 'action-finished' && event.outcome === 'cached') ||
      (event.type === 'build-finished' && event.success);
    if (ordinary) this.#events.push(event);
    else this.#quiet = false;
  };

  /** Writes the snapshot after a build that had nothing to do. After any other, the one that is there holds no more. */
  save({ root, targets }: Request, restedOn: RestedOn, recorder: BuildRecorder): void {
    const evidence = this.#quiet ? evidenceOf(restedOn) : undefined;
    if (!evidence) return rmSync(this.#path, { force: true });
    for (const { label } of targets) {
      // What it says does not count: this build has looked at what lies there.
      evidence.exists(stampOf(root, label));
      evidence.tree(outputFolder(root, label));
    }
    const text = this.#text(root, evidence, recorder);
    if (text && isAsSeen(restedOn)) writeAtomically(this.#path, text, false);
  }

  /** Lines of a letter and a text up to a dot; then the paths that are looked at, each ended by a zero byte. */
  #text(root: string, { seen, present }: Evidence, recorder: BuildRecorder): string | undefined {
    const below = `${root}/`;
    const paths = [...seen].map((path) => (path.startsWith(below) ? path.slice(below.length) : path));
    const sight = lookAt(root, paths, this.#startedAt);
    if (!sight) return undefined;
    const lines = [
      ...[...present].map((path) => `+${path}`),
      `w${root}`,
      `s${sight.sums}`,
      ...(sight.share === undefined ? [] : [`n${sight.share}`]),
      ...recordLines(recorder),
      ...spoken(this.#events),
    ];
    if ([...lines, ...paths].some((line) => line.includes('\n'))) return undefined;
    return [FORMAT, ...lines, '.', ''].join('\n') + paths.map((path) => `${path}\0`).join('');
  }
}

/** The record of the build, for the launcher to write again under another name and time. */
function recordLines({ folder, file }: BuildRecorder): string[] {
  const [header = '', cached = ''] = readFileSync(file, 'utf8').split('\n');
  const { build: _build, startedAt: _startedAt, ...more } = JSON.parse(header) as BuildHeader;
  const list = (JSON.parse(cached) as { cached?: string }).cached;
  return [
    `h${folder}`,
    `r",${JSON.stringify(more).slice(1, -1)},"startedAt":`,
    ...(list === undefined ? [] : [`l${cached}`, `+${listPath(folder, list)}`]),
  ];
}

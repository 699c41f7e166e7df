/** Records a build while it goes on: one line when an action has ended. A build that runs nothing writes one small file. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { writeAtomically } from '../../../cache/files.ts';
import { actionId, type BuildEvent } from '../../model/event.ts';
import { listOf, recordedBuilds } from './history.ts';
import { listPath, type BuildHeader, type RecordLine } from './record.ts';

/** Older records go when a build adds its own. */
const KEPT_BUILDS = 50;
/** Lists without a record are looked for when there are more than this. */
const LISTS_BEFORE_SWEEP = 2 * KEPT_BUILDS;

export class BuildRecorder {
  readonly folder: string;
  readonly #header: BuildHeader;
  readonly #cached: string[] = [];
  /** When actions that run began, by their names. */
  readonly #starts = new Map<string, number>();
  #lines: string[];
  #begun = false;

  /** `folder` is the one that `historyFolder` names. */
  constructor(folder: string, header: Omit<BuildHeader, 'build'>) {
    this.folder = folder;
    const time = new Date(header.startedAt).toISOString().replaceAll(/[-:]/g, '');
    this.#header = { build: `${time}-${randomBytes(3).toString('hex')}`, ...header };
    this.#lines = [JSON.stringify(this.#header)];
  }

  /** The build's name. */
  get build(): string {
    return this.#header.build;
  }

  /** Where the record is written. */
  get file(): string {
    return join(this.folder, `${this.build}.jsonl`);
  }

  /** On a full disk or in a read-only store, a build without a record is a build all the same. */
  readonly listen = (event: BuildEvent): void => {
    try {
      if (event.type === 'action-started') this.#started(event);
      if (event.type === 'action-finished') this.#finished(event);
      if (event.type === 'taken-elsewhere') {
        const { from, worker, endedAt, log } = event;
        this.#say({ action: actionId(event), taken: { from, worker, endedAt, ...(log ? { log } : {}) } });
      }
      if (event.type === 'known-elsewhere') this.#say({ action: actionId(event), known: event.known });
      if (event.type === 'build-finished') this.#end(event.success, event.durationMs);
    } catch {
      this.#lines = [];
    }
  };

  #started(event: BuildEvent & { type: 'action-started' }): void {
    this.#starts.set(actionId(event), Math.max(0, Date.now() - this.#header.startedAt));
    this.#write();
  }

  #finished(event: BuildEvent & { type: 'action-finished' }): void {
    const { label, mnemonic, ordinal, outcome, key, durationMs, log, diagnostic, forced } = event;
    const more = withoutEnd(diagnostic?.message, forced, this.#starts.get(actionId(event)));
    if (outcome === 'cached') this.#cached.push(`${label}\t${mnemonic.replaceAll(/\s/g, ' ')}\t${ordinal}\t${key}`);
    else this.#say([label, mnemonic, ordinal, outcome, key ?? null, Math.round(durationMs), log ?? null, ...more]);
    if (outcome === 'executed' || outcome === 'failed') this.#write();
  }

  #end(success: boolean, durationMs: number): void {
    if (this.#cached.length > 0) this.#say({ cached: this.#list() });
    this.#say({ success, durationMs: Math.round(durationMs) });
    this.#write();
    prune(this.folder);
  }

  /** Builds that find the same in the cache share the list. */
  #list(): string {
    const text = this.#cached.sort().join('\n');
    const name = hash('sha256', text, 'hex').slice(0, 32);
    const path = listPath(this.folder, name);
    if (!existsSync(path)) writeAtomically(path, text, false);
    return name;
  }

  #say(line: RecordLine): void {
    this.#lines.push(JSON.stringify(line));
  }

  #write(): void {
    if (this.#lines.length === 0) return;
    if (!this.#begun) mkdirSync(this.folder, { recursive: true });
    this.#begun = true;
    appendFileSync(this.file, `${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }
}

/** What few actions have stands at the end of a line, as far as it is needed. */
function withoutEnd(error: string | undefined, forced: true | undefined, startMs: number | undefined) {
  if (startMs !== undefined) return [error ?? null, forced ?? null, startMs] as const;
  if (forced) return [error ?? null, forced] as const;
  return error === undefined ? ([] as const) : ([error] as const);
}

function prune(folder: string): void {
  const builds = recordedBuilds(folder);
  for (const build of builds.slice(0, -KEPT_BUILDS)) rmSync(join(folder, `${build}.jsonl`), { force: true });
  if (builds.length > KEPT_BUILDS) sweepLists(folder, builds.slice(-KEPT_BUILDS));
}

function sweepLists(folder: string, builds: readonly string[]): void {
  const lists = readdirSync(join(folder, 'lists'), { withFileTypes: true }).map(({ name }) => name);
  if (lists.length <= LISTS_BEFORE_SWEEP) return;
  const used = new Set(builds.map((build) => listOf(folder, build)));
  for (const list of lists) if (!used.has(list)) rmSync(listPath(folder, list), { force: true });
}

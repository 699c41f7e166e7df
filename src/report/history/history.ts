/** The builds of a workspace that the store remembers, newest last. */
import { readdirSync, readFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import { fail } from '../../model/diagnostic.ts';
import { actionId } from '../../model/event.ts';
import { readRecord, type BuildRecord, type RecordedAction } from './record.ts';

/** Where the records of a workspace are. */
export function historyFolder(store: Pick<Store, 'root'>, workspace: string): string {
  return join(store.root, 'builds.v1', hash('sha256', workspace, 'hex').slice(0, 16));
}

/** Those of all workspaces. */
export function historyFolders(store: Store): string[] {
  const folder = join(store.root, 'builds.v1');
  return namesIn(folder).map((name) => join(folder, name));
}

/** Names of the recorded builds, oldest first. */
export function recordedBuilds(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .sort();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The list of cached actions that a record refers to. */
export function listOf(folder: string, build: string): string | undefined {
  return /^\{"cached":"(\w+)"\}$/m.exec(readFileSync(join(folder, `${build}.jsonl`), 'utf8'))?.[1];
}

/** An action in the record that has it. */
export interface RecordedIn {
  readonly action: RecordedAction;
  readonly build: BuildRecord;
}

/** Reads records as they are asked for, and each once. */
export class BuildHistory {
  readonly builds: readonly string[];
  readonly #folder: string;
  readonly #read = new Map<string, BuildRecord | undefined>();

  constructor(folder: string) {
    this.#folder = folder;
    this.builds = recordedBuilds(folder);
  }

  /** The builds that there are now. What is known of those that have ended is not read again. */
  again(): BuildHistory {
    const history = new BuildHistory(this.#folder);
    for (const build of history.builds) {
      const known = this.#read.get(build);
      if (known?.success !== undefined) history.#read.set(build, known);
    }
    return history;
  }

  record(build: string): BuildRecord | undefined {
    if (!this.#read.has(build)) this.#read.set(build, readRecord(this.#folder, build));
    return this.#read.get(build);
  }

  /** Every readable record, newest first. */
  *newestFirst(before?: string): Generator<BuildRecord> {
    for (const build of this.builds.toReversed()) {
      const record = before === undefined || build < before ? this.record(build) : undefined;
      if (record) yield record;
    }
  }

  /** The newest record that has an action of these labels. */
  lastOf(labels: ReadonlySet<string>): BuildRecord | undefined {
    for (const record of this.newestFirst()) if (record.actions.some(({ label }) => labels.has(label))) return record;
    return undefined;
  }

  /** What the newest record has of an action that had got as far as its key. */
  last(id: string): RecordedIn | undefined {
    return this.#newest((one) => actionId(one) === id && hasKey(one));
  }

  /** The same, of the records before a build, for comparing keys: what was forced to run had one of its own. */
  previous(id: string, before?: string): RecordedIn | undefined {
    return this.#newest((one) => actionId(one) === id && hasKey(one) && !one.forced, before);
  }

  #newest(accepts: (action: RecordedAction) => boolean, before?: string): RecordedIn | undefined {
    for (const build of this.newestFirst(before)) {
      const action = build.actions.findLast(accepts);
      if (action) return { action, build };
    }
    return undefined;
  }

  /** The build that a user names: its name, the beginning of it, or how many builds ago it was (`1` is the one before the last). */
  named(text: string): BuildRecord {
    const ago = /^\d{1,2}$/.test(text) ? this.builds.at(-1 - Number(text)) : undefined;
    const [found, ...more] = ago === undefined ? this.builds.filter((build) => build.startsWith(text)) : [ago];
    const record = found !== undefined && more.length === 0 ? this.record(found) : undefined;
    return (
      record ??
      fail(
        'NO_SUCH_BUILD',
        more.length > 0 ? `'${text}' begins the names of several builds` : `there is no build '${text}'`,
        {
          hint: 'dsmb why --builds lists them',
        },
      )
    );
  }
}

function hasKey({ key, outcome }: RecordedAction): boolean {
  return key !== null && outcome !== 'skipped';
}

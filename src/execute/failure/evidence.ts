/** What is kept of an action that failed: its log, and what it left in `/tmp` for the reader of the message. */
import { cpSync, existsSync, lstatSync, readdirSync, rmSync, type Dirent } from 'node:fs';
import { basename, join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import { formatDigest } from '../../model/digest.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { readTail } from '../process/log-file.ts';
import type { Sandbox } from '../sandbox/sandboxes.ts';

const LOG_TAIL_LINES = 20;
/** A line may be as long as its program likes. */
const LOG_TAIL_BYTES = 16 * 1024;
/** Files of these kinds in `/tmp` are kept. */
const KEPT = /\.(log|png|txt)$/;
/** What there is too much of is not evidence. */
const MOST_FILES = 100;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_LOOKED_AT = 10_000;

/** The end of the log, as messages have it; empty where there is none. */
export function tailOf({ log }: Pick<Sandbox, 'log'>): string {
  return readTail(log, LOG_TAIL_BYTES).trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

/** What was run, and the end of what it said; empty lines where it said nothing. `kept` is where all of it is. */
export function evidence({ command, key }: PlannedAction, sandbox: Pick<Sandbox, 'log'>, kept: string): string[] {
  const tail = tailOf(sandbox);
  return [
    `command: ${command.argv.join(' ')}`,
    `key: ${formatDigest(key)}`,
    tail && `last lines of its log:\n${tail}`,
    tail && `full log: ${join(kept, 'log')}`,
  ];
}

/** Keeps it, and gives the folder. */
export function keepEvidence(store: Store, { key }: PlannedAction, sandbox: Pick<Sandbox, 'log' | 'tmp'>): string {
  const folder = join(store.folder('logs'), key.hash.slice(0, 16));
  rmSync(folder, { recursive: true, force: true });
  if (existsSync(sandbox.log)) cpSync(sandbox.log, join(folder, 'log'));
  for (const path of keptFiles(sandbox.tmp)) cpSync(path, join(folder, basename(path)));
  return folder;
}

/** Those nearest to the top first, as many as there is room for. */
function keptFiles(top: string): string[] {
  const found: string[] = [];
  let [looked, room] = [0, MOST_BYTES];
  for (const folders = [top]; folders.length > 0 && looked < MOST_LOOKED_AT;) {
    const folder = folders.shift()!;
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      looked++;
      if (entry.isDirectory()) folders.push(path);
      if (!entry.isFile() || !KEPT.test(entry.name) || found.length === MOST_FILES) continue;
      const { size } = lstatSync(path);
      if (size > room) continue;
      room -= size;
      found.push(path);
    }
  }
  return found;
}

/** Of a folder that can be read: an action may have locked it, or nested it beyond what a path can name. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** The record of one build: JSON lines, so that what was written before a kill can be read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionId, type KnownElsewhere, type Outcome, type TakenElsewhere } from '../../model/event.ts';

/** One action of a recorded build. */
export interface RecordedAction {
  readonly label: string;
  readonly mnemonic: string;
  /** Which of the target's actions of that mnemonic, from 0. */
  readonly ordinal: number;
  readonly outcome: Outcome;
  /** `hash/size`; null when it never got as far as a key. */
  readonly key: string | null;
  readonly durationMs: number;
  /** Of one that ran, milliseconds since the build began; records of earlier versions have none. */
  readonly startMs?: number;
  /** Digest of its output, `hash/size`; null where there is none. */
  readonly log: string | null;
  /** Why it failed. */
  readonly error?: string;
  /** It ran whatever the cache had: its key tells nothing of what it was made of. */
  readonly forced?: true;
  /** Its result was made on another machine. */
  readonly taken?: TakenElsewhere;
  /** It had no result; other machines had these under other keys. */
  readonly known?: readonly KnownElsewhere[];
}

/** What is told of an action apart from its own line. */
export interface SaidOfAction {
  readonly action: string;
  readonly taken?: TakenElsewhere;
  readonly known?: readonly KnownElsewhere[];
}

/** The first line of a record. */
export interface BuildHeader {
  /** Begins with the time in UTC: names sort by age. */
  readonly build: string;
  readonly workspace: string;
  readonly asked: readonly string[];
  /** The value of each parameter, as text. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export interface BuildRecord extends BuildHeader {
  /** Undefined for a build that was killed, or still runs. */
  readonly success: boolean | undefined;
  readonly durationMs: number | undefined;
  readonly actions: readonly RecordedAction[];
}

/** A line after the first: an action, more about one, the list of those that were cached, or the end. */
export type RecordLine =
  | readonly [
      label: string,
      mnemonic: string,
      ordinal: number,
      outcome: Outcome,
      key: string | null,
      durationMs: number,
      log: string | null,
      error?: string | null,
      forced?: true | null,
      startMs?: number,
    ]
  | SaidOfAction
  | { readonly cached: string }
  | { readonly success: boolean; readonly durationMs: number };

/** Lists of cached actions, shared between records: `<folder>/lists/<hash>`. */
export function listPath(folder: string, hash: string): string {
  return join(folder, 'lists', hash);
}

/** Reads a record; undefined when it is not a record or its header is not whole. */
export function readRecord(folder: string, build: string): BuildRecord | undefined {
  const [first, ...rest] = linesOf(join(folder, `${build}.jsonl`));
  const header = parse(first) as BuildHeader | undefined;
  if (!header?.build) return undefined;
  const actions: RecordedAction[] = [];
  const said = new Map<string, Omit<SaidOfAction, 'action'>>();
  let end: { success?: boolean; durationMs?: number } = {};
  for (const text of rest) {
    const line = parse(text) as RecordLine | undefined;
    if (line === undefined) continue;
    if (Array.isArray(line)) actions.push(rowOf(line as Extract<RecordLine, readonly unknown[]>));
    else if ('action' in line) {
      const { action, ...what } = line;
      said.set(action, { ...said.get(action), ...what });
    } else if ('cached' in line) actions.push(...readList(listPath(folder, line.cached)));
    else if ('success' in line) end = line;
  }
  return {
    ...header,
    success: end.success,
    durationMs: end.durationMs,
    actions: actions.map((one) => ({ ...one, ...said.get(actionId(one)) })),
  };
}

function rowOf(row: Extract<RecordLine, readonly unknown[]>): RecordedAction {
  const [label, mnemonic, ordinal, outcome, key, durationMs, log, error, forced, startMs] = row;
  const more = {
    ...(typeof error === 'string' ? { error } : {}),
    ...(forced ? { forced } : {}),
    ...(typeof startMs === 'number' ? { startMs } : {}),
  };
  return { label, mnemonic, ordinal, outcome, key, durationMs, log, ...more };
}

/** A line of a list: label, mnemonic, ordinal and key, with tabs between them. */
function readList(path: string): RecordedAction[] {
  return linesOf(path).flatMap((text) => {
    const [label = '', mnemonic = '', ordinal, key] = text.split('\t');
    if (key === undefined) return [];
    return [{ label, mnemonic, ordinal: Number(ordinal), outcome: 'cached' as const, key, durationMs: 0, log: null }];
  });
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** The last line of a killed build may be half a line. */
function parse(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

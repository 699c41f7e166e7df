/** What is told of one action when somebody asks: why it ran, how it failed, the end of its log. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Store } from '../../cache/store.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { failureLog, logDigest, withoutRecords } from '../report/action-log.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { palette } from '../report/format.ts';
import type { BuildHistory } from '../report/history/history.ts';
import type { RecordedAction } from '../report/history/record.ts';
import { printableLines } from '../report/printable.ts';
import { explainAction, whyLines } from '../report/why.ts';
import type { Details, PageLog } from './protocol.ts';

/** Of a longer log, the end. */
const MOST_LOG_BYTES = 64 * 1024;
/** How much of its end is looked at for that: much of it may be records, of which one has a picture. */
const MOST_READ_BYTES = 2 * 1024 * 1024;
/** The end of a record whose beginning was not read. */
const CUT_RECORD = /^[^\n]*\}\n/;
/** Colours of programs: where nothing shows them, their numbers would only be in the way. */
const COLOURS = /\x1b\[[\d;]*m/g;

/** Where explanations and logs come from. */
export interface Sources {
  readonly store: Store;
  /** Of the workspace. */
  readonly root: string;
  readonly history: BuildHistory;
}

/** An action in a build, as far as it has come. */
export interface KnownAction {
  /** It has no outcome of its own while it runs. */
  readonly action: RecordedAction;
  readonly running: boolean;
  readonly diagnostic?: Diagnostic;
}

export function detailsOf(sources: Sources, build: string, { action, running, diagnostic }: KnownAction): Details {
  const plain = palette({ isTTY: false }, {});
  const error = diagnostic ? formatDiagnostic(diagnostic, plain) : action.error && printableLines(action.error);
  const log = running ? undefined : logOf(sources.store, action);
  return { why: whyOf(sources, build, action, running), ...(error ? { error } : {}), ...(log ? { log } : {}) };
}

function whyOf(sources: Sources, build: string, action: RecordedAction, running: boolean): string[] {
  if (action.key === null) return [];
  const explained = explainAction(sources, sources.history, action, { build });
  const lines = whyLines(running ? { ...explained, outcome: 'runs' } : explained, palette({ isTTY: false }, {}));
  return lines.map(printableLines);
}

function logOf(store: Store, action: RecordedAction): PageLog | undefined {
  if (action.key === null) return undefined;
  try {
    if (action.outcome === 'failed') return endOf(failureLog(store, action.key));
    const digest = logDigest(store, action);
    return digest && endOf(store.cas.path(digest));
  } catch {
    // It has left the store, or is still in a remote cache.
    return undefined;
  }
}

/** What people read of a log's end. */
export function endOf(path: string): PageLog {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, MOST_READ_BYTES));
    const before = size - bytes.length;
    const read = bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, before));
    const log = Buffer.from(withoutRecords(before > 0 ? read.replace(CUT_RECORD, '') : read));
    const end = log.subarray(-MOST_LOG_BYTES);
    const text = end.toString().replaceAll(COLOURS, '');
    return { text: printableLines(text), leftOut: before + log.length - end.length };
  } finally {
    closeSync(file);
  }
}

/** What went wrong, in a form that a person can act on and a program can read. */
import type { Code, ForeignCode } from './codes.ts';
import { Failure } from './failure.ts';

export { fail, Failure } from './failure.ts';

/** A position in a source file; line and column count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An expected failure: a stable code, one sentence, and a hint that can be run. */
export interface Diagnostic {
  /** Stable and upper case, for example `UNKNOWN_TARGET`; documented in `docs/troubleshooting.md`. */
  readonly code: Code | ForeignCode;
  readonly message: string;
  /** More lines: a log's tail, a hunk, the numbers. */
  readonly detail?: string;
  /** What to do now; a command where there is one. */
  readonly hint?: string;
  readonly location?: Location;
  /** The attribute of the rule's call at `location` that it is about. */
  readonly attribute?: string;
  /** A second place that has to do with it, and what is there. */
  readonly related?: { readonly message: string; readonly location: Location };
}

/** Node's rmSync knows no code for it. */
const NAMELESS = /^, Unknown error: (Read-only file system)/;

/** The code of an error of the system; Node's own begin with `ERR_`. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (NAMELESS.test(error.message)) return 'EROFS';
  const { code = '' } = error as NodeJS.ErrnoException;
  return /^E(?!RR_)[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Any thrown value as a diagnostic; what is not a `Failure` is a defect of ours and says so. */
export function toDiagnostic(error: unknown): Diagnostic {
  if (error instanceof Failure) return error.diagnostic;
  // What is cleared away at the end may fail for the same reason; it never hides what went wrong before.
  if (error instanceof SuppressedError) return toDiagnostic(error.suppressed);
  const text = messageOf(error).replace(NAMELESS, '$1');
  const code = systemCode(error);
  if (code !== undefined) return { code: code as ForeignCode, message: text, hint: systemHint(code) };
  // The stack is for those who mend dsmb; a user cannot act on it.
  const stack = process.env['DSMB_DEBUG'] && error instanceof Error ? error.stack : undefined;
  return {
    code: 'INTERNAL',
    message: text,
    ...(stack ? { detail: stack } : {}),
    hint: 'this is a defect of dsmb: please report it with what DSMB_DEBUG=1 prints for the same command',
  };
}

/** With that of what caused it: `fetch failed: getaddrinfo EAI_AGAIN example.org`. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${cause.message}` : message;
}

function systemHint(code: string): string {
  const hints: Record<string, string> = {
    ENOSPC:
      'the disk is full: free some space (dsmb info says what the store takes, dsmb gc frees it), then run the same command again (finished actions are kept)',
    EACCES: 'the file or folder may not be used by this user: check its owner and mode',
    EROFS:
      'the file system is read-only: choose another path; if the store is on it, set DSMB_STORE to a folder that can be written',
    EMFILE: 'too many open files: raise the limit with `ulimit -n 4096`',
  };
  return hints[code] ?? 'check the file named above';
}

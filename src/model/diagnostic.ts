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

/** What the system says: `EACCES`, and of which file, or of which two. */
export interface SystemError {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly dest?: string;
}

/** Node's rmSync knows no code for it. */
const NAMELESS = /^, Unknown error: (?<said>Read-only file system '(?<path>.*)')/s;

/** An error of the system; undefined for others. Node's own have codes that begin with `ERR_`. */
export function systemError(error: unknown): SystemError | undefined {
  // What is cleared away at the end may fail for the same reason; it never hides what went wrong before.
  if (error instanceof SuppressedError) return systemError(error.suppressed);
  if (!(error instanceof Error)) return undefined;
  const { said = error.message, path = '' } = NAMELESS.exec(error.message)?.groups ?? {};
  if (path !== '') return { code: 'EROFS', message: said, path };
  const { code = '', path: file, dest } = error as NodeJS.ErrnoException & { dest?: string };
  if (!/^E(?!RR_)[A-Z0-9]+$/.test(code)) return undefined;
  return { code, message: messageOf(error), ...(file && { path: file }), ...(dest && { dest }) };
}

/** Any thrown value as a diagnostic; what is not a `Failure` is a defect of ours and says so. */
export function toDiagnostic(error: unknown): Diagnostic {
  if (error instanceof Failure) return error.diagnostic;
  if (error instanceof SuppressedError) return toDiagnostic(error.suppressed);
  const system = systemError(error);
  if (system) return { code: system.code as ForeignCode, message: system.message, hint: systemHint(system.code) };
  // The stack is for those who mend dsmb; a user cannot act on it.
  const stack = process.env['DSMB_DEBUG'] && error instanceof Error ? error.stack : undefined;
  return {
    code: 'INTERNAL',
    message: messageOf(error),
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
    EROFS: 'the file system is read-only: choose another path',
    EMFILE: 'too many open files: raise the limit with `ulimit -n 4096`',
  };
  return hints[code] ?? 'check the file named above';
}

/** What went wrong, in a form that a person can act on and a program can read. */
import type { ForeignCode } from './codes.ts';
import { Failure, type Diagnostic } from './failure.ts';

export { fail, Failure, type Diagnostic, type Location } from './failure.ts';

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

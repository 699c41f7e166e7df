/** Where a function of the public API was called: the position of a target in its build file. */
import { fileURLToPath } from 'node:url';
import type { Location } from './diagnostic.ts';

/** The caller's caller, outside this module; undefined where the stack does not tell. */
export function callSite(depth = 2): Location | undefined {
  const frame = callFrames(depth + 2)[depth];
  const file = frame?.getFileName();
  if (!frame || !file) return undefined;
  return {
    file: file.startsWith('file:') ? fileURLToPath(file) : file,
    line: frame.getLineNumber() ?? 1,
    column: frame.getColumnNumber() ?? 1,
  };
}

/** The innermost frames of the stack, from the caller of this, whatever the code there has set. */
export function callFrames(count: number): NodeJS.CallSite[] {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was
  const prepare = Error.prepareStackTrace;
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = count + 1;
    Error.prepareStackTrace = (_error, frames) => frames;
    return (new Error().stack as unknown as NodeJS.CallSite[]).slice(1);
  } finally {
    Error.prepareStackTrace = prepare;
    Error.stackTraceLimit = limit;
  }
}

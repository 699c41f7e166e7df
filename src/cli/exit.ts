/** Exit codes: they tell the user's error from the machine's. */
import { faultOf } from '../model/codes.ts';
import type { Diagnostic } from '../model/diagnostic.ts';

export const EXIT = { ok: 0, buildFailed: 1, usage: 2, testFailed: 3, infrastructure: 4, interrupted: 130 } as const;

/** Of a command that failed before it could build anything, or that builds nothing. */
export function exitOfCommand({ code }: Diagnostic): number {
  switch (faultOf(code)) {
    case 'content':
      return EXIT.buildFailed;
    case 'supply':
    case 'machine':
      return EXIT.infrastructure;
    case 'user':
    case undefined:
      return EXIT.usage;
  }
}

/** Of a build whose actions, or what they need, failed. */
export function exitOfBuild(failures: readonly Diagnostic[]): number {
  return failures.some(({ code }) => faultOf(code) === 'machine') ? EXIT.infrastructure : EXIT.buildFailed;
}

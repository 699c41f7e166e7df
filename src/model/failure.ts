/** The one error that is thrown on purpose. */
import type { Code, ForeignCode } from './codes.ts';
import type { Diagnostic } from './diagnostic.ts';

/** Carries a diagnostic up to the edge, where it becomes a value again. The only error thrown on purpose. */
export class Failure extends Error {
  readonly diagnostic: Diagnostic;
  constructor(diagnostic: Diagnostic, options?: ErrorOptions) {
    super(diagnostic.message, options);
    this.name = 'Failure';
    this.diagnostic = diagnostic;
  }
}

/** Throws a `Failure`; reads well at the place that finds the problem. */
export function fail(
  code: Code | ForeignCode,
  message: string,
  more: Omit<Diagnostic, 'code' | 'message'> = {},
): never {
  throw new Failure({ code, message, ...more });
}

/** As rules and steps throw it, which have codes of their own. */
export type FailWith = (code: string, message: string, more?: Omit<Diagnostic, 'code' | 'message'>) => never;

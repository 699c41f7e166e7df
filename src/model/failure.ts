/** The one error that is thrown on purpose. */
import type { Code, ForeignCode } from './codes.ts';

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

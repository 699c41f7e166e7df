/** Why something that only spares work was not done. */
import { Failure, systemError, toDiagnostic } from '../model/diagnostic.ts';

export interface Because {
  readonly because: string;
  /** It is a defect of dsmb, of which everybody is told: the others are there for who asks. */
  readonly isDefect?: true;
}

export function isBecause(of: object | undefined): of is Because {
  return of !== undefined && 'because' in of;
}

/** Why work that gives nothing could not be done: none, or one. */
export function becauseOf(work: () => Because | void): Because[] {
  const because = orBecause(work);
  return because ? [because] : [];
}

/** What some work gives, or why it could not be done: whatever is in its way, the build goes on without. */
export function orBecause<T>(work: () => T): T | Because {
  try {
    return work();
  } catch (error) {
    const { message, detail, hint } = toDiagnostic(error);
    if (error instanceof Failure || systemError(error)) return { because: message };
    return { because: [`${message}; ${hint}`, ...(detail ? [detail] : [])].join('\n'), isDefect: true };
  }
}

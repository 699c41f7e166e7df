/** A build between its beginning and its end. */
import type { ActionNode } from '../analysis/action.ts';
import type { Settled } from '../execute/progress.ts';
import type { Because } from './because.ts';
import type { Entry } from './entry.ts';
import type { Scope } from './scope.ts';

/** What an action gave that is up to date by now; undefined for one that is not. */
export type SettledBy = (action: ActionNode) => Settled | undefined;

/** A build between what it has found in the ledger and what it leaves there. */
export interface Opened {
  readonly scope: Scope;
  /** What there is to say of how it has begun. */
  readonly notes: readonly Because[];
  /** Does what of `leave` can be done once all actions are planned, where that is worth it. */
  readonly prepare?: () => void;
  /** What the ledger is to have of a build that went well; or why it can have nothing of it. */
  readonly leave: (settledBy: SettledBy) => Entry | Because;
}

/** What happens in the life of a project. */
import type { Manner } from './bring.ts';
import type { Damage } from './damage.ts';
import type { Meddling } from './meddle.ts';
import type { Edit } from './model/edit.ts';

/** One thing that happens. */
export type Happening =
  | ({ readonly type: 'edit' } & Editing)
  | { readonly type: 'touch'; readonly path: string }
  | { readonly type: 'undo'; readonly steps: number; readonly manner: Manner }
  | { readonly type: 'damage'; readonly which: number; readonly how: Damage }
  | { readonly type: 'meddling'; readonly target: number; readonly how: Meddling }
  /** What builds have left for the next ones is deleted. */
  | { readonly type: 'forget' }
  | { readonly type: 'pause'; readonly ms: number }
  | ({ readonly type: 'build' } & BuildCall)
  /** The same build as the last one, of what the project is now. */
  | { readonly type: 'again' };

export interface Editing {
  readonly edit: Edit;
  readonly manner: Manner;
}

export interface BuildCall {
  /** Indices modulo the number of targets. */
  readonly asked: readonly number[];
  readonly keepGoing: boolean;
  /** How many builds of the same run at once. */
  readonly beside: number;
  readonly meanwhile?: Meanwhile;
}

/** What comes in between, after so many ms: an edit, the end of the first of the builds or of all, or no ledger any more. */
export type Meanwhile =
  | ({ readonly type: 'edit'; readonly ms: number } & Editing)
  | { readonly type: 'forget'; readonly ms: number }
  | { readonly type: 'end'; readonly ms: number; readonly all: boolean; readonly way: number };

/** Who builds in a random life: the engine in this process, or the command line. */
import type { Outcome } from '../../src/model/event.ts';
import type { Content } from './model/content.ts';
import type { Spec } from './model/spec.ts';
import type { Workspace } from './workspace.ts';

/** What one build did. */
export interface Done {
  readonly success: boolean;
  /** What became of actions, by the names of their targets. */
  readonly outcomes: readonly (readonly [name: string, outcome: Outcome])[];
  /** It names also what it took from the cache. */
  readonly tellsCached: boolean;
  /** What it gave for each target that was asked for. */
  readonly contents: ReadonlyMap<string, Content>;
  /** What it said when it failed. */
  readonly said: string;
}

/** A build under way. */
export interface Running {
  readonly finished: Promise<Done>;
  /** Ends it before its time. There may be several ways to do so. */
  end(way: number): void;
}

export interface Builder {
  start(workspace: Workspace, spec: Spec, asked: readonly number[], keepGoing: boolean): Running;
  /** What builds have left behind: processes, temporary files. After one that was ended, files wait for one that succeeds. */
  leftovers(ended: boolean, succeeded: boolean): Promise<readonly string[]>;
}

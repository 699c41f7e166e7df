/** What the page is told of a build: plain data, written by this side and read by `browser/`. Times: milliseconds since the build began. */
import type { Outcome } from '../model/event.ts';
import type { CarriedArtifacts } from './artifacts/protocol.ts';

/** `waiting`: for its inputs. `queued`: for the machine. `elsewhere`: another process makes it. */
export type State = 'waiting' | 'queued' | 'elsewhere' | 'running' | Outcome;

/** What does not change of an action. */
export interface PageAction {
  readonly label: string;
  readonly mnemonic: string;
  /** Which of the target's actions of that mnemonic, from 0. */
  readonly ordinal: number;
  /** Places of the actions whose outputs it reads. */
  readonly inputs: readonly number[];
  /** How long it took when it last ran. */
  readonly pastMs?: number;
}

/** What has become of an action. */
export interface PageRun {
  readonly state: State;
  readonly start?: number;
  readonly end?: number;
  /** How long it ran, where it is not known when that was. */
  readonly tookMs?: number;
  /** How long it waited for processors and memory. */
  readonly waitedMs?: number;
  readonly stage?: string;
  readonly percent?: number;
  /** Why it failed, in one line. */
  readonly error?: string;
}

export interface PagePhase {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** What is known of the build as a whole. */
export interface PageHead {
  /** Its name in the history. */
  readonly build: string;
  readonly workspace: string;
  readonly asked: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** How long it goes on; of one that has ended, how long it took. Absent where that is not known. */
  readonly elapsedMs?: number;
  /** Undefined while it goes on, and of one that was killed. */
  readonly success?: boolean;
  readonly phases: readonly PagePhase[];
  readonly warnings: readonly string[];
  readonly outputs: readonly { readonly label: string; readonly path: string }[];
}

/** What a machine has shown at a time: its screen, as a PNG in base64, or more of its console. */
export interface PageMoment {
  readonly place: number;
  /** Which of the action's, from 1. */
  readonly machine: number;
  readonly at: number;
  readonly picture?: string;
  readonly console?: string;
}

/** Everything, for a page that has just come. */
export interface Snapshot {
  readonly head: PageHead;
  readonly actions: readonly PageAction[];
  /** By place, as the actions are. */
  readonly runs: readonly PageRun[];
  /** In the order of time; of what was too much, some are left out. */
  readonly moments: readonly PageMoment[];
}

/** What has changed since. */
export interface Change {
  readonly head: PageHead;
  readonly runs: readonly (readonly [place: number, run: PageRun])[];
  /** Actions that nobody knew of when the build began; their places follow those of the others. */
  readonly more?: readonly PageAction[];
  readonly moments?: readonly PageMoment[];
}

/** What is told of one action when somebody asks. */
export interface Details {
  /** In the words of `dsmb why`. */
  readonly why: readonly string[];
  /** In the words of the console. */
  readonly error?: string;
  readonly log?: PageLog;
}

/** The end of a log. */
export interface PageLog {
  readonly text: string;
  /** Bytes that stand before it. */
  readonly leftOut: number;
}

/** A build as one piece, for pages that nobody serves: with the details of what ran. */
export interface WholeBuild {
  readonly snapshot: Snapshot;
  readonly details: Readonly<Record<number, Details>>;
  readonly artifacts: CarriedArtifacts;
}

/** A line of the list of past builds. */
export interface PastBuild {
  readonly build: string;
  readonly asked: readonly string[];
  readonly startedAt: number;
  readonly success?: boolean;
  readonly durationMs?: number;
  readonly ran: number;
  readonly actions: number;
}

/** A message of the stream, by its kind. */
export type Message =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'change'; readonly change: Change }
  /** Nothing has happened: whoever sends is still there. */
  | { readonly type: 'beat'; readonly elapsedMs: number }
  /** The last one. `again`: another build will have this page. */
  | { readonly type: 'ended'; readonly whole: WholeBuild; readonly again: boolean };

/** How often there is a message at least. */
export const BEAT_MS = 1000;

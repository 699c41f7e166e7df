/** Everything that happens, as one stream of events. Reporters read it; nothing else prints. */
import type { Diagnostic } from './diagnostic.ts';
import type { Label } from './label.ts';

/** How an action ended. */
export type Outcome = 'executed' | 'cached' | 'failed' | 'skipped';

/** An action in events and reports. */
export interface ActionIdentity {
  readonly label: Label;
  readonly mnemonic: string;
  /** Which of the target's actions of that mnemonic, from 0. */
  readonly ordinal: number;
}

/** What tells an action from others, from build to build: `//x Mnemonic`, and `#1` for the second of that name. */
export function actionId({
  label,
  mnemonic,
  ordinal,
}: Pick<ActionIdentity, 'mnemonic' | 'ordinal'> & { readonly label: string }): string {
  return `${label} ${mnemonic}${ordinal > 0 ? `#${ordinal}` : ''}`;
}

/** What a building command does, one after the other; one that goes on from the last build neither loads nor analyses. */
export type Phase = 'load' | 'analyse' | 'resume' | 'execute' | 'deliver';

/** What running a finished action again has shown. */
export interface Check extends ActionIdentity {
  readonly key: string;
  /** From 1. */
  readonly run: number;
  /** How many were asked for; one that is not the same is the last. */
  readonly of: number;
  /** `declared`: it differs, as the action says that it may. */
  readonly outcome: 'same' | 'different' | 'declared' | 'failed';
  /** Where, in the words of the formats. */
  readonly differences: readonly string[];
  /** Of what is different or failed. */
  readonly diagnostic?: Diagnostic;
}

/** Checked actions, counted by what they came to; `unfinished`: not run as often as asked, and the same as far as run. */
export type CheckedActions = Readonly<Record<Check['outcome'] | 'unfinished', number>>;

/** What went to or came from a remote cache, in bytes: results, their trees, files, and apart those of 4 MiB and more. */
export type RemoteBytes = Readonly<Record<'results' | 'trees' | 'files' | 'largeFiles', number>>;

/** What another machine has made. */
export interface MadeElsewhere {
  /** The remote cache that it came from. */
  readonly from: string;
  /** Who has made it, in its own words. */
  readonly worker: string;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
}

/** A result that was taken. */
export interface TakenElsewhere extends MadeElsewhere {
  /** Digest of what its action has written, `hash/size`. */
  readonly log?: string;
}

/** The same under a key of its own. */
export type KnownElsewhere = MadeElsewhere & { readonly key: string };

/** What goes on with a set of Debian packages. */
export interface PackageStage {
  /** The last one is `ready` or `failed`. */
  readonly stage: string;
  readonly percent?: number;
  /** Of what is being fetched. */
  readonly bytes?: { readonly done: number; readonly total: number };
  /** Of all stages together, with the last one. */
  readonly durationMs?: number;
}

export type BuildEvent =
  | { readonly type: 'build-started'; readonly targets: readonly Label[]; readonly actions: number }
  /** `startedAt`: milliseconds since 1970. */
  | { readonly type: 'phase-finished'; readonly phase: Phase; readonly startedAt: number; readonly durationMs: number }
  | ({ readonly type: 'package-progress'; readonly set: string } & PackageStage)
  /** It has no result: it runs as soon as the machine has what it needs. */
  | ({ readonly type: 'action-queued'; readonly key: string } & ActionIdentity)
  | ({
      readonly type: 'action-started';
      readonly key: string;
      readonly vm: boolean;
      /** How long its key took to make, once its inputs were there. */
      readonly planMs: number;
      /** How long it waited for processors and memory. */
      readonly waitedMs: number;
      /** A worker of a server runs it: no more is seen of it until it has ended. */
      readonly remote?: true;
    } & ActionIdentity)
  /** Another process makes it: its result is taken when it is there. */
  | ({ readonly type: 'action-waiting'; readonly key: string } & ActionIdentity)
  /** The machine failed it, and not its command: it runs again. */
  | ({ readonly type: 'action-retried'; readonly attempt: number; readonly reason: string } & ActionIdentity)
  | ({ readonly type: 'action-progress'; readonly stage: string; readonly percent?: number } & ActionIdentity)
  /** A machine that an action runs shows something: its screen, as a PNG in base64, or more of its console. */
  | ({
      readonly type: 'machine-shown';
      /** Which of the action's, from 1. */
      readonly machine: number;
      readonly picture?: string;
      readonly console?: string;
    } & ActionIdentity)
  | ({
      readonly type: 'action-finished';
      /** Absent when it never got as far as a key. */
      readonly key?: string;
      readonly outcome: Outcome;
      /** Of its run; of the look-up, for one that was cached. */
      readonly durationMs: number;
      /** A worker of a server has run it. */
      readonly remote?: true;
      /** How long its key took to make, for one that was found at once. */
      readonly planMs?: number;
      /** Digest of what it wrote to its standard output and error, `hash/size`. */
      readonly log?: string;
      /** It ran since that was asked for, whatever the cache has: its key is its own, and nobody finds its result. */
      readonly forced?: true;
      readonly diagnostic?: Diagnostic;
    } & ActionIdentity)
  /** Finished actions are about to run again: at most so many runs, and how long they take by what the last ones took. */
  | {
      readonly type: 'checks-started';
      readonly actions: number;
      readonly runs: number;
      readonly expectedMs: number;
      /** Runs that are not in the time. */
      readonly untimed: number;
      /** They may differ, and were not asked for by the names of their targets. */
      readonly leftOut: readonly ActionIdentity[];
    }
  /** A finished action runs once more, to compare; its result stays what it was. */
  | ({ readonly type: 'check-started'; readonly run: number } & ActionIdentity)
  | ({ readonly type: 'check-finished' } & Check)
  /** All that was to be checked is, unless the build was ended: how many actions came to what, in how many runs. */
  | { readonly type: 'checks-finished'; readonly runs: number; readonly actions: CheckedActions }
  /** What was not used for long has left the store. */
  | { readonly type: 'store-collected'; readonly removedBytes: number; readonly keptBytes: number }
  /** The result of an action was made on another machine, and came from a remote cache. */
  | ({ readonly type: 'taken-elsewhere'; readonly key: string } & ActionIdentity & TakenElsewhere)
  /** An action has no result; these are what other machines have made of it under other keys. */
  | ({ readonly type: 'known-elsewhere'; readonly known: readonly KnownElsewhere[] } & ActionIdentity)
  /** The build is done but for this: so many results are still on their way to a remote cache. */
  | { readonly type: 'remote-sending'; readonly results: number }
  /** What a build and servers have given each other: actions that ran there, results, and bytes of content. */
  | {
      readonly type: 'remote-used';
      /** Actions that workers have run. */
      readonly ran: number;
      readonly taken: number;
      readonly sent: number;
      readonly read: RemoteBytes;
      readonly written: RemoteBytes;
    }
  | { readonly type: 'warning'; readonly message: string }
  /** Why work was not spared: for who asks with `DSMB_DEBUG=1`, and for the profile. */
  | { readonly type: 'note'; readonly message: string }
  /** What was asked for lies at a path of the workspace. */
  | {
      readonly type: 'output';
      readonly label: Label;
      readonly path: string;
      /** Of the file, or of the folder's tree, `hash/size`; null for a symbolic link. */
      readonly digest: string | null;
      /** Whether it was laid there now. */
      readonly fresh: boolean;
    }
  | {
      readonly type: 'build-finished';
      readonly success: boolean;
      /** The signal that ended it before it was done. */
      readonly interrupted?: NodeJS.Signals;
      readonly durationMs: number;
      readonly counts: Readonly<Record<Outcome, number>>;
    };

/** Takes events; must not throw. */
export type Listener = (event: BuildEvent) => void;

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

export type BuildEvent =
  | { readonly type: 'build-started'; readonly targets: readonly Label[]; readonly actions: number }
  | { readonly type: 'package-progress'; readonly set: string; readonly stage: string; readonly percent?: number }
  | ({ readonly type: 'action-started'; readonly key: string; readonly vm: boolean } & ActionIdentity)
  /** Another process makes it: its result is taken when it is there. */
  | ({ readonly type: 'action-waiting'; readonly key: string } & ActionIdentity)
  | ({ readonly type: 'action-progress'; readonly stage: string; readonly percent?: number } & ActionIdentity)
  | ({
      readonly type: 'action-finished';
      /** Absent when it never got as far as a key. */
      readonly key?: string;
      readonly outcome: Outcome;
      readonly durationMs: number;
      /** Digest of what it wrote to its standard output and error, `hash/size`. */
      readonly log?: string;
      readonly diagnostic?: Diagnostic;
    } & ActionIdentity)
  /** What was not used for long has left the store. */
  | { readonly type: 'store-collected'; readonly removedBytes: number; readonly keptBytes: number }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'output'; readonly label: Label; readonly path: string }
  | {
      readonly type: 'build-finished';
      readonly success: boolean;
      readonly durationMs: number;
      readonly counts: Readonly<Record<Outcome, number>>;
    };

/** Takes events; must not throw. */
export type Listener = (event: BuildEvent) => void;

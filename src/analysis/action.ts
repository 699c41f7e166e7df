/** Artifacts and actions as analysis leaves them: plain data that refers to other plain data. */
import type { Label } from '../model/label.ts';
import type { Kind } from '../model/kind.ts';
import type { Artifact, Borrowed, Hints, Needs, Output } from '../model/rule.ts';
import type { RuleCall } from './rule-call.ts';

/** Where an artifact's content comes from. */
export type Origin =
  | { readonly type: 'action'; readonly action: ActionNode; readonly output: string }
  | { readonly type: 'source'; readonly path: string; readonly written: string }
  | {
      readonly type: 'debian';
      readonly packages: readonly string[];
      readonly closure: boolean;
      readonly archives?: true;
    }
  | { readonly type: 'compose'; readonly entries: ReadonlyMap<string, ArtifactReference> }
  /** The list of the entries' checksums. */
  | { readonly type: 'checksums'; readonly entries: ReadonlyMap<string, ArtifactReference> };

/** The engine's side of an `Artifact`: its origin, and the path inside it when it is a part. */
export class ArtifactReference implements Artifact {
  readonly type = 'artifact';
  readonly kind: Kind;
  readonly origin: Origin;
  readonly path: string;

  constructor(kind: Kind, origin: Origin, path = '') {
    this.kind = kind;
    this.origin = origin;
    this.path = path;
  }

  at<Part extends string>(path: string, kind: Kind<Part>): Artifact<Part> {
    const below = this.path ? `${this.path}/${path}` : path;
    return new ArtifactReference(kind, this.origin, below) as unknown as Artifact<Part>;
  }
}

/** What an action does. */
export type Work =
  | { readonly type: 'write'; readonly content: string }
  | { readonly type: 'run'; readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }
  | { readonly type: 'step'; readonly module: URL; readonly args: unknown; readonly hints: Hints };

/** One action of the action graph. */
export interface ActionNode {
  /** The target that it belongs to. */
  readonly label: Label;
  readonly mnemonic: string;
  /** Which of the target's actions of this mnemonic, from 0, in the order of their declaration. */
  readonly ordinal: number;
  /** The rule's call that it comes from, for messages. */
  readonly call: RuleCall;
  readonly work: Work;
  readonly inputs: ReadonlyMap<string, ArtifactReference>;
  readonly toolchains: readonly ArtifactReference[];
  readonly outputs: Readonly<Record<string, Output>>;
  readonly needs: Needs;
  readonly timeoutMs: number;
  /** Whether it says that it gives the same bits each time. */
  readonly reproducible: boolean;
  /** It is started by `dsmb run` only. */
  readonly runnable?: { readonly network: boolean; readonly borrows: Readonly<Record<string, Borrowed>> };
}

/** An artifact, by the label of its target. */
export interface LabelledArtifact {
  readonly label: Label;
  readonly artifact: ArtifactReference;
}

/** A target after analysis. */
export interface AnalysedTarget extends LabelledArtifact {
  readonly actions: readonly ActionNode[];
  readonly validations: readonly AnalysedTarget[];
  /** Targets whose artifacts it reads. */
  readonly dependencies: readonly AnalysedTarget[];
}

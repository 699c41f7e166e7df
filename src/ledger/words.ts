/**
 * The words of actions: an action graph as lines of text, each read only when somebody asks for what is in it. A build
 * after a small change looks at few of many actions.
 */
import type { ActionGraph } from '../analysis/action-graph.ts';
import { ArtifactReference, type ActionNode, type Origin, type Work } from '../analysis/action.ts';
import type { RuleCall } from '../analysis/rule-call.ts';
import type { Kind } from '../model/kind.ts';
import type { Label } from '../model/label.ts';
import type { Needs, Output } from '../model/rule.ts';

/** An artifact as plain data; actions are told by their place in the graph. */
export type EncodedArtifact = readonly [kind: string, shape: Kind['shape'], path: string, origin: EncodedOrigin];

type EncodedOrigin =
  | readonly ['action', index: number, output: string]
  | readonly ['source', path: string, written: string]
  | readonly ['debian', packages: readonly string[], closure: boolean, archives: boolean]
  | readonly ['compose' | 'checksums', entries: readonly (readonly [name: string, EncodedArtifact])[]];

type Identity = readonly [label: Label, mnemonic: string, ordinal: number];

/** What an action is beside its identity. */
interface Body {
  readonly work: Exclude<Work, { type: 'step' }> | (Omit<Work & { type: 'step' }, 'module'> & { module: string });
  readonly inputs: readonly (readonly [name: string, EncodedArtifact])[];
  readonly toolchains: readonly EncodedArtifact[];
  readonly outputs: readonly (readonly [key: string, name: string, kind: string, shape: Kind['shape']])[];
  readonly needs: Needs;
  readonly timeoutMs: number;
  readonly reproducible: boolean;
  readonly call: RuleCall;
}

/** By place, in the order of the actions: what they are called, and what they are. */
export interface Words {
  readonly names: WordLines;
  readonly bodies: WordLines;
}

type WordLines = Iterable<string> & { readonly length: number; at(place: number): string | undefined };

/** The words of a graph that this process has analysed. */
export class GraphWords implements Words {
  readonly names: readonly string[];
  readonly bodies: readonly string[];
  readonly #places: ReadonlyMap<ActionNode, number>;

  constructor({ actions, dependencies }: ActionGraph) {
    this.#places = new Map(actions.map((action, place) => [action, place]));
    const dependents: number[][] = actions.map(() => []);
    for (const [action, makers] of dependencies)
      for (const maker of makers) dependents[this.#place(maker)]!.push(this.#place(action));
    this.names = actions.map(({ label, mnemonic, ordinal }) => JSON.stringify([label, mnemonic, ordinal]));
    this.bodies = actions.map((action, place) => JSON.stringify([dependents[place], this.#body(action)]));
  }

  /** The places of actions, as far as these are in the graph. */
  places(actions: Iterable<ActionNode>): number[] {
    return [...actions].flatMap((action) => this.#places.get(action) ?? []);
  }

  #place(action: ActionNode): number {
    return this.#places.get(action)!;
  }

  artifact({ kind, path, origin }: ArtifactReference): EncodedArtifact {
    return [kind.name, kind.shape, path, this.#origin(origin)];
  }

  #body({ work, inputs, toolchains, outputs, call, needs, timeoutMs, reproducible }: ActionNode): Body {
    return {
      work: work.type === 'step' ? { ...work, module: work.module.href } : work,
      inputs: this.#entries(inputs),
      toolchains: toolchains.map((one) => this.artifact(one)),
      outputs: Object.entries(outputs).map(([key, { name, kind }]) => [key, name, kind.name, kind.shape]),
      needs,
      timeoutMs,
      reproducible,
      call,
    };
  }

  #origin(origin: Origin): EncodedOrigin {
    switch (origin.type) {
      case 'action':
        return ['action', this.#place(origin.action), origin.output];
      case 'source':
        return ['source', origin.path, origin.written];
      case 'debian':
        return ['debian', origin.packages, origin.closure, origin.archives === true];
      case 'compose':
      case 'checksums':
        return [origin.type, this.#entries(origin.entries)];
    }
  }

  #entries(entries: ReadonlyMap<string, ArtifactReference>): [string, EncodedArtifact][] {
    return [...entries].map(([name, one]) => [name, this.artifact(one)]);
  }
}

/** A graph that is read from its words. */
export class ReadGraph {
  readonly #words: Words;
  readonly #actions: ReadAction[] = [];

  constructor(words: Words) {
    this.#words = words;
  }

  action(place: number): ReadAction {
    return (this.#actions[place] ??= new ReadAction(this, place, this.#words));
  }

  /** The places of actions, and of all that reads what they make. */
  reachedFrom(places: Iterable<number>): Set<number> {
    const reached = new Set(places);
    for (const place of reached) for (const one of this.action(place).dependents) reached.add(one);
    return reached;
  }

  artifact([kind, shape, path, origin]: EncodedArtifact): ArtifactReference {
    return new ArtifactReference({ name: kind, shape }, this.#origin(origin), path);
  }

  entries(encoded: readonly (readonly [string, EncodedArtifact])[]): Map<string, ArtifactReference> {
    return new Map(encoded.map(([name, one]) => [name, this.artifact(one)]));
  }

  #origin(encoded: EncodedOrigin): Origin {
    switch (encoded[0]) {
      case 'action':
        return { type: 'action', action: this.action(encoded[1]), output: encoded[2] };
      case 'source':
        return { type: 'source', path: encoded[1], written: encoded[2] };
      case 'debian':
        return { type: 'debian', packages: encoded[1], closure: encoded[2], ...(encoded[3] ? { archives: true } : {}) };
      case 'compose':
      case 'checksums':
        return { type: encoded[0], entries: this.entries(encoded[1]) };
    }
  }
}

/** An action that is read from its words, when somebody asks for them. */
export class ReadAction implements ActionNode {
  readonly label: Label;
  readonly mnemonic: string;
  readonly ordinal: number;
  /** In its graph. */
  readonly place: number;
  readonly #graph: ReadGraph;
  readonly #words: Words;
  #known: readonly [dependents: readonly number[], Body] | undefined;
  #inputs: ActionNode['inputs'] | undefined;
  #toolchains: ActionNode['toolchains'] | undefined;
  #work: Work | undefined;

  constructor(graph: ReadGraph, place: number, words: Words) {
    [this.label, this.mnemonic, this.ordinal] = JSON.parse(words.names.at(place)!) as Identity;
    this.place = place;
    this.#graph = graph;
    this.#words = words;
  }

  /** The places of the actions that read what it makes. */
  get dependents(): readonly number[] {
    return this.#parsed[0];
  }

  get work(): Work {
    const { work } = this.#body;
    return (this.#work ??= work.type === 'step' ? { ...work, module: new URL(work.module) } : work);
  }

  get inputs(): ActionNode['inputs'] {
    return (this.#inputs ??= this.#graph.entries(this.#body.inputs));
  }

  get toolchains(): ActionNode['toolchains'] {
    return (this.#toolchains ??= this.#body.toolchains.map((one) => this.#graph.artifact(one)));
  }

  get outputs(): Readonly<Record<string, Output>> {
    return Object.fromEntries(
      this.#body.outputs.map(([key, name, kind, shape]) => [key, { name, kind: { name: kind, shape } }]),
    );
  }

  get needs(): Needs {
    return this.#body.needs;
  }

  get timeoutMs(): number {
    return this.#body.timeoutMs;
  }

  get reproducible(): boolean {
    return this.#body.reproducible;
  }

  get call(): RuleCall {
    return this.#body.call;
  }

  get #body(): Body {
    return this.#parsed[1];
  }

  get #parsed(): readonly [dependents: readonly number[], Body] {
    return (this.#known ??= JSON.parse(this.#words.bodies.at(this.place)!) as [number[], Body]);
  }
}

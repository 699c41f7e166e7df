/** What the actions of a build have made, and what they were made of, as the store and the history know it. */
import type { Store } from '../../../cache/store.ts';
import type { Node, Trees } from '../../../cache/tree.ts';
import { Failure } from '../../model/diagnostic.ts';
import { parseDigest } from '../../model/digest.ts';
import { actionId } from '../../model/event.ts';
import { nodeOf, type PartOrigin } from '../../plan/parts.ts';
import type { RecordedAction } from '../../report/history/record.ts';
import { readParts } from '../../report/kept-parts.ts';

/** The actions of one build. */
export interface BuildActions {
  /** Its name in the history. */
  readonly build: string;
  /** One that has ended, by its place. */
  action(place: number): RecordedAction | undefined;
  /** Places of a target's actions of a mnemonic. */
  places(label: string, mnemonic: string): readonly number[];
}

/** An input of an action. */
export interface Input {
  readonly name: string;
  readonly node: Node;
  readonly origin: PartOrigin | undefined;
}

const OUTPUTS = 'out/';
/** Nodes of outputs that are looked at to tell actions of one mnemonic apart. */
const MOST_NODES = 50_000;

export class Made {
  readonly #store: Store;
  readonly #root: string;

  /** `root`: of the workspace. */
  constructor(store: Store, root: string) {
    this.#store = store;
    this.#root = root;
  }

  /**
   * The outputs of an action by name; none where it failed, or its result has left the store. Whether all of them are
   * still there is found out when they are read.
   */
  outputs({ key, outcome }: Pick<RecordedAction, 'key' | 'outcome'>): ReadonlyMap<string, Node> {
    if (key === null || outcome === 'failed' || outcome === 'skipped') return new Map();
    const outputs = [...(this.#store.actions.look(parseDigest(key))?.outputs ?? [])];
    const own = outputs.filter(([path]) => path.startsWith(OUTPUTS));
    return new Map(own.map(([path, node]) => [path.slice(OUTPUTS.length), node]));
  }

  /** The inputs of an action, without those that make no sense; undefined where what it was made of is not known any more. */
  inputs({ key }: Pick<RecordedAction, 'key'>): Input[] | undefined {
    const kept = key === null ? undefined : readParts(this.#store, this.#root, key.split('/')[0]!);
    return kept?.parts.flatMap(({ kind, name, value, origin }) => {
      const node = kind === 'input' ? readNode(value) : undefined;
      return node ? [{ name, node, origin }] : [];
    });
  }
}

/** Another machine may have said what the key was made of. */
function readNode(value: string): Node | undefined {
  try {
    return nodeOf(value);
  } catch {
    return undefined;
  }
}

/** Which actions of a build have made what: for one look at it, since more of them end meanwhile. */
export class Makers {
  readonly #made: Made;
  readonly #trees: Trees;
  readonly #build: BuildActions;
  /** Of each target and mnemonic, places by the hashes of what was made. */
  readonly #known = new Map<string, ReadonlyMap<string, number>>();

  constructor(made: Made, trees: Trees, build: BuildActions) {
    this.#made = made;
    this.#trees = trees;
    this.#build = build;
  }

  /** The place of the action that an input comes from: of several of a mnemonic, the one that has made the node. */
  of(origin: PartOrigin | undefined, node: Node): number | undefined {
    if (origin?.type !== 'action') return undefined;
    const { label, mnemonic } = origin;
    const places = this.#build.places(label, mnemonic);
    if (places.length <= 1 || node.type === 'symlink') return places.length === 1 ? places[0] : undefined;
    const name = `${label} ${mnemonic}`;
    const made = this.#known.get(name) ?? this.#index(places);
    this.#known.set(name, made);
    return made.get(node.digest.hash);
  }

  /** Whole outputs first: most inputs are. */
  #index(places: readonly number[]): ReadonlyMap<string, number> {
    const made = new Map<string, number>();
    let level: [node: Node, place: number][] = places.flatMap((place) => {
      const action = this.#build.action(place);
      return action ? [...this.#made.outputs(action).values()].map((node): [Node, number] => [node, place]) : [];
    });
    for (let left = MOST_NODES; level.length > 0 && left > 0; left -= level.length) {
      const below: typeof level = [];
      for (const [node, place] of level.slice(0, left)) {
        if (node.type === 'symlink' || made.has(node.digest.hash)) continue;
        made.set(node.digest.hash, place);
        for (const inner of this.#below(node)) below.push([inner, place]);
      }
      level = below;
    }
    return made;
  }

  /** Nothing where the store has lost the folder. */
  #below(node: Node): Iterable<Node> {
    try {
      return node.type === 'directory' ? this.#trees.entries(node.digest).values() : [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return [];
    }
  }
}

/** The same action in another build. */
export function sameAction(actions: readonly RecordedAction[], wanted: RecordedAction): RecordedAction | undefined {
  return actions.find((one) => actionId(one) === actionId(wanted) && one.key !== null);
}

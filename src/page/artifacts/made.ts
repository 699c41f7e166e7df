/** What the actions of a build have made, and what they were made of, as the store and the history know it. */
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
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
/** Results that are remembered: asking the store looks at every blob of it. */
const KEPT = 64;

export class Made {
  readonly #store: Store;
  readonly #root: string;
  readonly #outputs = new Map<string, ReadonlyMap<string, Node>>();

  /** `root`: of the workspace. */
  constructor(store: Store, root: string) {
    this.#store = store;
    this.#root = root;
  }

  /** The outputs of an action by name; none where it failed, or its result has left the store. */
  outputs({ key, outcome }: Pick<RecordedAction, 'key' | 'outcome'>): ReadonlyMap<string, Node> {
    if (key === null || outcome === 'failed' || outcome === 'skipped') return new Map();
    const known = this.#outputs.get(key);
    if (known) return known;
    const result = this.#store.actions.get(parseDigest(key));
    if (!result) return new Map();
    const outputs = [...result.outputs].filter(([path]) => path.startsWith(OUTPUTS));
    const found = new Map(outputs.map(([path, node]) => [path.slice(OUTPUTS.length), node]));
    this.#outputs.set(key, found);
    if (this.#outputs.size > KEPT) this.#outputs.delete(this.#outputs.keys().next().value!);
    return found;
  }

  /** The inputs of an action; none where what its key was made of is not known any more. */
  inputs({ key }: Pick<RecordedAction, 'key'>): Input[] {
    const kept = key === null ? undefined : readParts(this.#store, this.#root, key.split('/')[0]!);
    return (kept?.parts ?? [])
      .filter(({ kind }) => kind === 'input')
      .map(({ name, value, origin }) => ({ name, node: nodeOf(value), origin }));
  }

  /** The place of the action that an input comes from: of several of a mnemonic, the one that has made the node. */
  maker(build: BuildActions, origin: PartOrigin | undefined, node: Node): number | undefined {
    if (origin?.type !== 'action') return undefined;
    const places = build.places(origin.label, origin.mnemonic);
    if (places.length <= 1) return places[0];
    return places.find((place) => {
      const action = build.action(place);
      return action && [...this.outputs(action).values()].some((made) => this.#has(made, node));
    });
  }

  #has(made: Node, wanted: Node): boolean {
    if (made.type === 'symlink' || wanted.type === 'symlink') return false;
    if (made.digest.hash === wanted.digest.hash) return true;
    return (
      made.type === 'directory' &&
      [...this.#store.trees.entries(made.digest).values()].some((one) => this.#has(one, wanted))
    );
  }
}

/** The same action in another build. */
export function sameAction(actions: readonly RecordedAction[], wanted: RecordedAction): RecordedAction | undefined {
  return actions.find((one) => actionId(one) === actionId(wanted) && one.key !== null);
}

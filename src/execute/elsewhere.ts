/** Other machines, as a build sees them: what they have made, and workers, where there are any that it may use. */
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { KnownResult } from '../../cache/remote/known-results.ts';
import type { Ran, RunRequest } from '../../cache/remote/executor.ts';
import type { RemoteAction } from '../../cache/remote/remote-action.ts';
import type { RemoteCache } from '../../cache/remote/remote-cache.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { formatDigest } from '../model/digest.ts';
import { actionId, type KnownElsewhere, type Listener } from '../model/event.ts';
import type { PlannedAction } from '../plan/key.ts';
import type { Unpacking } from '../plan/unpacked-set.ts';
import { mayLeave, type Place } from './schedule/leaving.ts';

/** What explains keys to other machines, and theirs here. */
export interface Explaining {
  /** What the key of an action is made of, as any machine can read it. */
  readonly describe: (action: PlannedAction) => string;
  /** Keeps what another machine has said of a key. */
  readonly keep: (key: string, description: string) => void;
}

/** What a build knows of other machines beside their addresses. */
export interface About {
  readonly explaining?: Explaining | undefined;
  /** Properties of workers that do not make the input root their root: actions bring what does. */
  readonly platform?: Readonly<Record<string, string>> | undefined;
}

/** An action, and what workers run in its place where they cannot run it as it is. */
export type SentAction = PlannedAction & Pick<RemoteAction, 'runAs'>;

export class Elsewhere {
  readonly #store: Store;
  readonly #remote: RemoteCache | undefined;
  readonly #explaining: Explaining | undefined;
  readonly #looking: Promise<void>[] = [];
  #areWorkersLeft = false;
  readonly platform: About['platform'];

  constructor(store: Store, remote?: RemoteCache, { explaining, platform }: About = {}) {
    this.#store = store;
    this.#remote = remote;
    this.#explaining = explaining;
    this.platform = platform;
  }

  /** Where results come from; empty for nowhere. */
  get address(): string {
    return this.#remote?.address ?? '';
  }

  /** The result of an action, its files still where they are; undefined for a miss. Who has made it is told. */
  async result(action: PlannedAction, onEvent: Listener = () => {}): Promise<ResultData | undefined> {
    const result = isShared(action) ? await this.#remote?.result(action) : undefined;
    if (!result) return undefined;
    const { label, mnemonic, ordinal } = action.node;
    const { worker, startedAt, durationMs, log } = result;
    const written = log ? { log: formatDigest(log) } : {};
    const made = { from: this.address, worker, endedAt: startedAt + durationMs, ...written };
    onEvent({ type: 'taken-elsewhere', label, mnemonic, ordinal, key: formatDigest(action.key), ...made });
    return result;
  }

  /** Where an action is to run. */
  placeOf(action: ActionNode): Place {
    const hasWorkers = this.#remote?.hasWorkers && !this.#areWorkersLeft;
    return hasWorkers && mayLeave(this.#store, action) ? 'remote' : 'here';
  }

  /** Has a worker run an action; undefined where none could, which was said. */
  async run(action: SentAction, request: Omit<RunRequest, 'timeoutMs'>): Promise<Ran | undefined> {
    return this.#remote?.run(action, { ...request, timeoutMs: action.node.timeoutMs });
  }

  /** Says what is wrong with the workers, each thing once. */
  sayOfWorkers(what: string): void {
    this.#remote?.sayOfWorkers(what);
  }

  /** Runs nothing more on workers, and says why. */
  leaveWorkers(why: string): void {
    this.#areWorkersLeft = true;
    this.sayOfWorkers(`${why}; this build goes on without it`);
  }

  /** Takes the result of an action that a worker has run: its files stay where they are until somebody wants them. */
  made(action: SentAction, result: ResultData): void {
    this.#remote?.made({ ...action, ...this.#knownAs(action) }, result);
  }

  /** Gives a result of this store to others, beside the build. */
  offer(action: PlannedAction, result: ResultData): void {
    if (isShared(action)) this.#remote?.offer({ ...action, ...this.#knownAs(action) }, result);
  }

  /**
   * Finds out beside the build what others have made of an action that has no result: it may explain why. `finish` waits for
   * that.
   */
  lookAround(action: PlannedAction, onFound: (found: readonly KnownElsewhere[]) => void): void {
    const explaining = this.#explaining;
    if (!explaining || !this.#remote || !isShared(action)) return;
    const keepAll = (found: readonly KnownResult[]): void => {
      for (const { key, parts } of found) explaining.keep(key, parts);
      const from = this.address;
      if (found.length > 0) onFound(found.map(({ key, worker, endedAt }) => ({ from, key, worker, endedAt })));
    };
    // An explanation that cannot be had fails nothing.
    this.#looking.push(this.#remote.known(nameOf(action)).then(keepAll, () => undefined));
  }

  /** Waits for what goes on beside the build. */
  async finish(): Promise<void> {
    await Promise.all(this.#looking);
  }

  #knownAs(action: PlannedAction): Pick<Parameters<RemoteCache['offer']>[0], 'known'> {
    const explaining = this.#explaining;
    return explaining ? { known: { name: nameOf(action), parts: () => explaining.describe(action) } } : {};
  }

  /** The tree that a set of packages is unpacked to. `remember` is called at the end where all of it has come. */
  async tree(unpacking: () => Unpacking, remember: (tree: Node) => void): Promise<Node | undefined> {
    return this.#remote?.tree(unpacking(), remember);
  }

  /** Gives the tree of a set to others, where all of it is here. */
  offerTree(unpacking: () => Unpacking, tree: Node): void {
    if (!this.#remote || !this.#store.trees.complete(tree)) return;
    const action = unpacking();
    const outputs = new Map(action.command.outputs.map(({ path }) => [path, tree]));
    this.#remote.offer(action, { outputs, log: undefined, startedAt: 0, durationMs: 0, worker: '' });
  }

  /** Brings what the store lacks of nodes. What cannot be had is a `BLOB_MISSING` failure. */
  async bring(nodes: Iterable<Node>): Promise<void> {
    await this.#remote?.bring(nodes);
  }

  /** Brings all that an action reads. */
  async bringInputs({ base, inputs }: Pick<PlannedAction, 'base' | 'inputs'>): Promise<void> {
    await this.#remote?.bring([base, ...inputs.values()]);
  }

  /** Whether all of a node is in the store, or can be brought. */
  isInReach(node: Node): boolean {
    return this.#remote?.isInReach(node) ?? this.#store.trees.complete(node);
  }
}

function nameOf({ node }: PlannedAction): string {
  return actionId(node);
}

/** One with a salt was asked for as a run of its own. */
function isShared({ salt }: PlannedAction): boolean {
  return salt === '';
}

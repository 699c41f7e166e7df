/**
 * Starts the Node of a step in its sandbox while what makes its inputs still runs. What is known is mounted; the rest,
 * and the step itself, is laid into its folders when all is known, and a byte on its standard input lets it go on. So
 * the step sees what it would have seen, and the start of bubblewrap and Node is off the way from action to action.
 */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { captureBytes } from '../../../cache/capture.ts';
import type { Store } from '../../../cache/store.ts';
import { sameNode, type Node } from '../../../cache/tree.ts';
import type { ActionNode } from '../../analysis/action.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { STEP_COMMAND } from '../../plan/runtime.ts';
import { sandboxCall } from '../sandbox/sandbox.ts';
import type { Sandbox, Sandboxes } from '../sandbox/sandboxes.ts';
import type { Held, Spawner } from './spawner.ts';

/** What is known of a step before all of its inputs are. */
export interface Early extends Pick<PlannedAction, 'base' | 'inputs'> {
  readonly memo: string | undefined;
}

/** A process that waits to become an action. */
export interface HeadStart extends Early {
  /** Node has read what it is to do; resolves only if it gets as far. */
  readonly ready: Promise<void>;
  /** Resolves when the action is all that is waited for. */
  readonly taken: PromiseWithResolvers<void>;
  readonly sandbox: Sandbox;
  readonly held: Held;
}

/** Each takes the memory of an idle Node. */
const AT_ONCE = 3;

/** How long the start of Node may take before a fresh one is started. */
const READY_MS = 10_000;

/** What an action has left in its folders is removed this long after it, while the next one runs. */
const TIDY_MS = 20;

/** Loads what most steps need, says so, then waits. No byte means that nobody is there any more. */
const WAITING_STEP = `
import { readSync, writeSync } from 'node:fs';
import 'node:crypto';
import 'node:fs/promises';
import 'node:zlib';
writeSync(2, '\\x1e{"type":"ready"}\\n');
if (readSync(0, Buffer.alloc(1)) === 1) await import('./step.mjs?now');
`;

export class HeadStarts implements Disposable {
  readonly #store: Store;
  readonly #sandboxes: Sandboxes;
  readonly #spawner: Spawner;
  readonly #waiting = new Map<ActionNode, HeadStart>();
  /** Of a step that may be the first one. */
  #guessed: HeadStart | undefined;
  #first: Early | undefined;
  #isOver = false;

  constructor(store: Store, sandboxes: Sandboxes, spawner: Spawner) {
    this.#store = store;
    this.#sandboxes = sandboxes;
    this.#spawner = spawner;
  }

  /** The first that was taken. */
  get first(): Early | undefined {
    return this.#first;
  }

  /** How many processes wait for a step that is known. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether the process of a step waits. */
  has(step: ActionNode): boolean {
    return this.#waiting.has(step);
  }

  /** Whether one more may wait. */
  get hasRoom(): boolean {
    return this.#waiting.size < AT_ONCE && !this.#isOver;
  }

  /** Waits until the process of a step, if it has one, leaves a processor idle: it is ready, or it has become urgent. */
  async calm(step: ActionNode): Promise<void> {
    const found = this.#waiting.get(step);
    if (found) await Promise.race([isReady(found), found.taken.promise]);
  }

  /** Starts the process of a step. The folders that it mounts are there. */
  give(step: ActionNode, early: Early, bubblewrap: readonly string[]): void {
    if (!this.hasRoom || this.has(step)) return;
    const guessed = this.#guessed;
    this.#guessed = undefined;
    if (guessed && guessed.inputs.size === early.inputs.size && fits(guessed, early, early.memo))
      return void this.#waiting.set(step, guessed);
    if (guessed) drop(guessed);
    this.#waiting.set(step, this.#start(early, bubblewrap));
  }

  /** Starts the process of a step that is not known yet. */
  guess(early: Early, bubblewrap: readonly string[]): void {
    this.#guessed ??= this.#start(early, bubblewrap);
  }

  #start(early: Early, bubblewrap: readonly string[]): HeadStart {
    const waiting = captureBytes(this.#store.cas, Buffer.from(WAITING_STEP));
    const sandbox = this.#sandboxes.layOut({ inputs: early.inputs, files: new Map([['step.mjs', waiting]]) });
    const command = { ...early, command: STEP_COMMAND, isStep: true };
    const call = sandboxCall(this.#store, bubblewrap, command, sandbox, { kvm: false, memo: early.memo });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const held = this.#spawner.hold(call, sandbox.log, () => resolve());
    return { ...early, sandbox, held, ready, taken: Promise.withResolvers() };
  }

  /** The process of a step, with all that the action needs in its place; the caller lets it go on. */
  async take(action: PlannedAction, memo: string | undefined): Promise<HeadStart | undefined> {
    const found = this.#waiting.get(action.node);
    if (!found) return undefined;
    this.#waiting.delete(action.node);
    found.taken.resolve();
    try {
      if (!fits(found, action, memo) || !(await isReady(found))) return void drop(found);
      // It has been read: the step takes its place.
      unlinkSync(join(found.sandbox.dsmb, 'step.mjs'));
      const late = [...action.inputs].filter(([name]) => !found.inputs.has(name));
      this.#sandboxes.add(found.sandbox, { inputs: new Map(late), files: action.files }, 'links');
    } catch (error) {
      drop(found);
      throw error;
    }
    const { base, inputs } = found;
    this.#first ??= { base, inputs, memo };
    return { ...found, sandbox: { ...found.sandbox, [Symbol.dispose]: () => drop(found) } };
  }

  /** The step turned out to need no process, or has had one. */
  forget(step: ActionNode): void {
    const found = this.#waiting.get(step);
    if (!found) return;
    this.#waiting.delete(step);
    drop(found);
  }

  /** Ends those that nobody took. */
  forgetAll(): void {
    for (const one of this.#waiting.values()) drop(one);
    this.#waiting.clear();
    if (this.#guessed) drop(this.#guessed);
    this.#guessed = undefined;
  }

  /** From here on nothing gets one any more. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.forgetAll();
  }
}

/** Whether a process sees nothing that an action has otherwise. */
function fits(
  { base, inputs, memo }: Early,
  action: Pick<PlannedAction, 'base' | 'inputs'>,
  wantedMemo: string | undefined,
): boolean {
  const same = (name: string, node: Node): boolean => sameNode(node, action.inputs.get(name) ?? MISSING);
  return memo === wantedMemo && sameNode(base, action.base) && [...inputs].every(([name, node]) => same(name, node));
}

function isReady({ ready, held }: HeadStart): Promise<boolean> {
  const late = delay(READY_MS, false, { ref: false });
  return Promise.race([ready.then(() => true), held.exit.then(() => false), late]);
}

const MISSING: Node = { type: 'symlink', target: '' };

/** Ends it, if it has not ended. The folders are used again only when nobody is in them, and nobody waits for that. */
function drop({ held, sandbox }: HeadStart): void {
  held.kill();
  void held.exit.then(() => setTimeout(() => sandbox[Symbol.dispose](), TIDY_MS).unref());
}

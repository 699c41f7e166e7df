/** The builder's end of the helper process that starts actions. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Usage } from './usage.ts';

export type SpawnRequest =
  | {
      readonly type: 'spawn';
      readonly id: number;
      readonly argv: readonly string[];
      readonly logFile: string;
      readonly timeoutMs: number;
    }
  | { readonly type: 'kill'; readonly id: number };

export type SpawnAnswer =
  | { readonly type: 'record'; readonly id: number; readonly text: string }
  | ({ readonly type: 'exit'; readonly id: number } & Exit);

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** It could not be started at all. */
  readonly error?: string;
  /** What it took; absent when it was too short to be looked at. */
  readonly usage?: Usage;
}

/** The error of processes that ended with the helper. */
export const HELPER_LOST = 'the helper process that starts actions has ended';

interface Running {
  readonly onRecord: (text: string) => void;
  readonly onExit: (exit: Exit) => void;
}

/** Signals to one process group arrive within this time of each other. */
const SIGNAL_MS = 50;

export class Spawner implements Disposable {
  #helper: ChildProcess | undefined;
  #nextId = 1;
  readonly #running = new Map<number, Running>();

  /** Runs a process to its end. `signal` ends it at once. */
  run(
    argv: readonly string[],
    options: { logFile: string; timeoutMs: number; signal: AbortSignal; onRecord: (text: string) => void },
  ): Promise<Exit> {
    const { logFile, timeoutMs, signal, onRecord } = options;
    if (signal.aborted) return Promise.resolve({ code: null, signal: 'SIGKILL', timedOut: false });
    const id = this.#nextId++;
    const helper = (this.#helper ??= this.#start());
    const kill = (): void => void helper.send({ type: 'kill', id } satisfies SpawnRequest);
    signal.addEventListener('abort', kill, { once: true });
    return new Promise<Exit>((resolve) => {
      this.#running.set(id, {
        onRecord,
        onExit: (exit) => {
          signal.removeEventListener('abort', kill);
          this.#running.delete(id);
          resolve(exit);
        },
      });
      helper.send({ type: 'spawn', id, argv, logFile, timeoutMs } satisfies SpawnRequest);
      helper.ref();
    });
  }

  /** Ends the helper, and with it everything that still runs. */
  [Symbol.dispose](): void {
    this.#helper?.disconnect();
    this.#helper = undefined;
  }

  /** Starts the helper early, while the builder does something else. */
  warmUp(): void {
    this.#helper ??= this.#start();
  }

  #start(): ChildProcess {
    const helper = fork(fileURLToPath(new URL('./spawner-main.ts', import.meta.url)), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      detached: true,
    });
    helper.on('message', (answer: SpawnAnswer) => {
      const running = this.#running.get(answer.id);
      if (answer.type === 'record') return running?.onRecord(answer.text);
      running?.onExit(answer);
    });
    helper.on('exit', () => this.#ended(helper, HELPER_LOST));
    helper.on('error', (error) => this.#ended(helper, `the helper process that starts actions: ${error.message}`));
    return helper;
  }

  /** Ctrl-C ends a helper that has no group of its own yet: the builder is to see the same signal first. */
  #ended(helper: ChildProcess, error: string): void {
    if (this.#running.size === 0) this.#lost(helper, error);
    else setTimeout(() => this.#lost(helper, error), SIGNAL_MS);
  }

  #lost(helper: ChildProcess, error: string): void {
    if (this.#helper !== undefined && this.#helper !== helper) return;
    this.#helper = undefined;
    for (const running of this.#running.values())
      running.onExit({ code: null, signal: 'SIGKILL', timedOut: false, error });
  }
}

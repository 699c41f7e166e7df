/** The builder's end of the helper process that starts actions. */
import { fork, type ChildProcess } from 'node:child_process';
import { modulePath } from '../../model/own-files.ts';
import type { BubblewrapFiles } from '../sandbox/bubblewrap-files.ts';
import type { Excess, Limits } from './limits.ts';
import type { StepRecord } from '../records/step-record.ts';
import type { Usage } from './usage.ts';

/** A process to start. */
export interface Call {
  readonly argv: readonly string[];
  /** Empty unless given. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Its children end with it: for what is not in a namespace of processes that sees to that. */
  readonly group?: boolean;
  /** It is a step: what it marks on its standard error are records. All that others write there is log. */
  readonly isStep?: boolean;
  /** It is bubblewrap, and has these files open. Nothing that it starts outlives it. */
  readonly bubblewrap?: BubblewrapFiles;
}

export type SpawnRequest =
  | ({
      readonly type: 'spawn';
      readonly id: number;
      readonly logFile: string;
      /** Absent: it waits for `go`. */
      readonly timeoutMs?: number;
      readonly limits?: Limits | undefined;
    } & Call)
  | ({ readonly type: 'go'; readonly id: number } & Bounds)
  | { readonly type: 'kill'; readonly id: number };

export type SpawnAnswer =
  | { readonly type: 'record'; readonly id: number; readonly record: StepRecord }
  | ({ readonly type: 'exit'; readonly id: number } & Exit);

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** It could not be started at all. */
  readonly error?: string;
  /** It was ended since it took too much. */
  readonly excess?: Excess;
  /** What it took; absent when it was too short to be looked at. */
  readonly usage?: Usage;
}

/** The error of processes that ended with the helper. */
export const HELPER_LOST = 'the helper process that starts actions has ended';

/** What ends a process. */
export interface Bounds {
  readonly timeoutMs: number;
  /** What it may take; the engine's own processes are not looked at. */
  readonly limits?: Limits | undefined;
}

/** How a process is run. */
export interface RunOptions extends Bounds {
  /** Ends it at once. */
  readonly signal: AbortSignal;
  readonly onRecord?: (record: StepRecord) => void;
}

/** A process that waits. */
export interface Held {
  readonly exit: Promise<Exit>;
  /** Lets it go on, and waits for its end. */
  go(options: RunOptions): Promise<Exit>;
  kill(): void;
}

interface Running {
  onRecord: ((record: StepRecord) => void) | undefined;
  readonly onExit: (exit: Exit) => void;
}

/** Build files see another one while they are evaluated. */
const ENVIRONMENT = process.env;

/** Signals to one process group arrive within this time of each other. */
const SIGNAL_MS = 50;

export class Spawner implements Disposable {
  #helper: ChildProcess | undefined;
  #nextId = 1;
  readonly #running = new Map<number, Running>();

  /** How many processes it was asked to start. */
  get started(): number {
    return this.#nextId - 1;
  }

  /** Runs a process to its end. `signal` ends it at once. */
  run(call: Call, { logFile, ...options }: RunOptions & { readonly logFile: string }): Promise<Exit> {
    const { timeoutMs, limits, signal, onRecord } = options;
    if (signal.aborted) return Promise.resolve({ code: null, signal: 'SIGKILL', timedOut: false });
    return this.#spawn({ ...call, logFile, timeoutMs, limits }, onRecord).until(signal);
  }

  /** Starts a step that waits for a byte on its standard input; `go` sends it. Its first record says that it waits. */
  hold(call: Call, logFile: string, onReady: () => void): Held {
    const { id, running, exit, kill, until } = this.#spawn({ ...call, isStep: true, logFile }, onReady);
    return {
      exit,
      kill,
      go: ({ timeoutMs, limits, signal, onRecord }) => {
        running.onRecord = onRecord;
        this.#send({ type: 'go', id, timeoutMs, limits });
        return until(signal);
      },
    };
  }

  #spawn(request: Call & { readonly logFile: string } & Partial<Bounds>, onRecord: Running['onRecord']) {
    const id = this.#nextId++;
    const { promise: exit, resolve } = Promise.withResolvers<Exit>();
    const running: Running = {
      onRecord,
      onExit: (how) => {
        this.#running.delete(id);
        resolve(how);
      },
    };
    this.warmUp();
    this.#running.set(id, running);
    this.#send({ type: 'spawn', id, ...request });
    this.#helper?.ref();
    const kill = (): void => {
      if (this.#running.has(id)) this.#send({ type: 'kill', id });
    };
    const until = async (signal: AbortSignal): Promise<Exit> => {
      if (signal.aborted) kill();
      signal.addEventListener('abort', kill, { once: true });
      try {
        return await exit;
      } finally {
        signal.removeEventListener('abort', kill);
      }
    };
    return { id, running, exit, kill, until };
  }

  /** A helper that is gone says so by its end, and not by what can no longer be sent to it. */
  #send(request: SpawnRequest): void {
    const helper = this.#helper;
    if (helper?.connected) helper.send(request, (error) => error && this.#ended(helper, HELPER_LOST));
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
    const helper = fork(modulePath(new URL('./spawner-main.ts', import.meta.url)), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: ENVIRONMENT,
      detached: true,
    });
    helper.on('message', (answer: SpawnAnswer) => {
      const running = this.#running.get(answer.id);
      if (answer.type === 'record') return running?.onRecord?.(answer.record);
      running?.onExit(answer);
    });
    helper.on('exit', () => this.#ended(helper, HELPER_LOST));
    helper.on('error', (error) =>
      this.#ended(helper, helper.pid === undefined ? `the helper that starts actions: ${error.message}` : HELPER_LOST),
    );
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

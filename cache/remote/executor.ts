/** Has workers run actions: sends what they read, follows each to its end, and takes its result as any from elsewhere. */
import { Code, ConnectError } from '@connectrpc/connect';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ActionResult,
  ExecuteResponse,
} from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import type { Digest } from '../../src/model/digest.ts';
import type { ResultData } from '../reapi/messages.ts';
import type { Store } from '../store.ts';
import type { RemoteBlobs } from './blobs.ts';
import type { Downloads } from './downloads.ts';
import type { Execution, Stage } from './execution.ts';
import { Inputs } from './inputs.ts';
import { missingInputs } from './missing-inputs.ts';
import type { RemoteAction, RunnableAction } from './remote-action.ts';
import type { Server } from './server.ts';
import type { Traffic } from './traffic.ts';
import { fromWire } from './wire-digest.ts';

/** How an action is run elsewhere. */
export interface RunRequest {
  /** Until a worker has to end it, in milliseconds. */
  readonly timeoutMs: number;
  /** Whatever the server's action cache has. */
  readonly anew: boolean;
  readonly onStage: (stage: Stage | 'sending inputs' | 'sent') => void;
  /** It is about to be tried again, since the server failed it. */
  readonly onRetry: (attempt: number, reason: string) => void;
  /** Ends it, there as well. */
  readonly signal: AbortSignal;
}

/** What became of an action that a worker has run. */
export interface Ran {
  /** Absent where it has failed. */
  readonly result?: ResultData;
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** Who has run it, in its own words. */
  readonly worker: string;
  /** What it wrote to its standard output and error. */
  readonly said: Uint8Array;
}

/** Where an executor finds and leaves what it works with. */
export interface Places {
  readonly store: Store;
  /** Of the workers: their cache. */
  readonly cache: Server<RemoteBlobs>;
  readonly downloads: Downloads;
  readonly traffic: Traffic;
}

const OK = 0;
const OUT_OF_TIME: number = Code.DeadlineExceeded;
const TRIES = 3;
const PAUSE_MS = 500;
/** Trying again gives the same answer. */
const FINAL: ReadonlySet<number> = new Set([Code.InvalidArgument, Code.Unimplemented, Code.OutOfRange]);
/** An action whose outputs the server has lost as often as this is better run here. */
const MOST_RESULTS = 2;
/** For waiting in a queue, fetching inputs and sending outputs, beside the time that an action itself may take. */
const GRACE_MS = 10 * 60_000;
/** What a timer holds. */
const MOST_MS = 2 ** 31 - 1;
/** Of a worker's name, in characters. */
const MOST_NAME = 200;
/** Of what a server says about an action. */
const MOST_MESSAGE = 1000;

export class Executor {
  readonly #places: Places;
  readonly #server: Server<Execution>;
  readonly #inputs: Inputs;
  /** How many results it has given, by key. */
  readonly #results = new Map<string, number>();

  constructor(places: Places, server: Server<Execution>) {
    this.#places = places;
    this.#server = server;
    this.#inputs = new Inputs(places.store, places.traffic);
  }

  /** False for the rest of the build, once the server or its cache could not be reached, or has refused. */
  get isOpen(): boolean {
    const { cache } = this.#places;
    return this.#server.isOpenFor('executing') && cache.isOpenFor('executing') && cache.isOpenFor('reading');
  }

  /** Says what is wrong with the workers, each thing once. */
  say(what: string): void {
    this.#server.say(what);
  }

  /** Runs an action; undefined where no worker could, which was said. A lost input is a `BLOB_MISSING` failure. */
  async run(action: RemoteAction, request: RunRequest): Promise<Ran | undefined> {
    if ((this.#results.get(action.key.hash) ?? 0) >= MOST_RESULTS) return undefined;
    return this.#server.attempt('executing', (execution) => this.#run(execution, action, request));
  }

  async #run(execution: Execution, action: RemoteAction, request: RunRequest): Promise<Ran | undefined> {
    const { onStage, onRetry, timeoutMs, signal } = request;
    const limitMs = Math.min(timeoutMs + GRACE_MS, MOST_MS);
    const run = action.runAs ?? action;
    let anew = request.anew || this.#places.downloads.isUnusable(action.key);
    for (let attempt = 1; ; attempt++) {
      onStage('sending inputs');
      if (!(await this.#send(run))) return undefined;
      // Many servers say no more until it has ended.
      onStage('sent');
      const response = await execution.run({ key: run.key, anew, limitMs, onStage, signal });
      const code = response.status?.code ?? OK;
      const message = (response.status?.message ?? '').slice(0, MOST_MESSAGE);
      if (isOldFailure(response) && !anew) {
        anew = true;
        continue;
      }
      if (code === OK || code === OUT_OF_TIME) return this.#ended(action, response);
      if (attempt >= TRIES || FINAL.has(code)) throw new ConnectError(message, Code.Internal);
      onRetry(attempt + 1, message);
      await this.#forget(response);
      const ended = AbortSignal.any([signal, this.#server.patience.signal]);
      await sleep(PAUSE_MS * 2 ** (attempt - 1), undefined, { signal: ended });
    }
  }

  async #send(action: RunnableAction): Promise<boolean> {
    const { cache, downloads } = this.#places;
    const sent = await cache.attempt('executing', async (blobs) => {
      await this.#inputs.send(blobs, action, (gone) => downloads.lose(gone));
      return true;
    });
    return sent ?? false;
  }

  /** Servers have many codes for inputs that they have lost: whatever it was, nothing is taken to be there any more. */
  async #forget({ status }: ExecuteResponse): Promise<void> {
    this.#inputs.forget(status ? missingInputs(status) : []);
    await this.#places.cache.attempt('executing', (blobs) => Promise.resolve(blobs.forget()));
  }

  async #ended(action: RemoteAction, { status, result }: ExecuteResponse): Promise<Ran | undefined> {
    if (!result) throw new ConnectError('the server gave no result', Code.Internal);
    const { exitCode, executionMetadata } = result;
    const worker = (executionMetadata?.worker ?? '').slice(0, MOST_NAME);
    const ran = { exitCode, timedOut: status?.code === OUT_OF_TIME, worker, said: await this.#said(result) };
    if (exitCode !== 0 || ran.timedOut) return ran;
    const { key, command, inputRoot } = action;
    const made = await this.#places.downloads.made(key, result, { outputs: command.outputs, inputRoot });
    if (!made) return undefined;
    this.#results.set(key.hash, (this.#results.get(key.hash) ?? 0) + 1);
    return { ...ran, result: made };
  }

  /** Its standard output, then its standard error; of what is too large, nothing. */
  async #said({ stdoutRaw, stdoutDigest, stderrRaw, stderrDigest }: ActionResult): Promise<Uint8Array> {
    const blobs = [stdoutDigest, stderrDigest].map((of) => (of?.hash ? digestOrNone(of) : undefined));
    const wanted = blobs.filter((of) => of !== undefined);
    const found = wanted.length > 0 ? await this.#places.downloads.texts(wanted) : undefined;
    const [out, error] = blobs.map((of) => (of && found?.get(of.hash)) ?? new Uint8Array());
    return Buffer.concat([stdoutRaw.length > 0 ? stdoutRaw : out!, stderrRaw.length > 0 ? stderrRaw : error!]);
  }
}

function digestOrNone(of: Parameters<typeof fromWire>[0]): Digest | undefined {
  try {
    return fromWire(of);
  } catch {
    return undefined;
  }
}

/** Some servers keep what has failed, and give it again. */
function isOldFailure({ status, cachedResult, result }: ExecuteResponse): boolean {
  return (status?.code ?? OK) === OK && cachedResult && result !== undefined && result.exitCode !== 0;
}

/** Has a server run actions, and follows each operation to its end: through cuts, and through silence. */
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../src/model/digest.ts';
import {
  DigestFunction_Value,
  ExecuteOperationMetadataSchema,
  ExecuteResponseSchema,
  ExecutionStage_Value,
  type ExecuteResponse,
} from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import type { Operation } from '../reapi/gen/google/longrunning/operations_pb.js';
import type { Connection, ExecutionClients } from './connection.ts';
import { isMissing, isRefusal, isUnreachable, patiently, type Patience } from './patience.ts';
import { onWire } from './wire-digest.ts';

/** How far a server is with an action; many do not say. */
export type Stage = 'queued' | 'running';

export interface ExecutionRequest {
  readonly key: Digest;
  /** Whatever the server's action cache has. */
  readonly anew: boolean;
  /** One that has got no further for this long is given up. */
  readonly limitMs: number;
  readonly onStage: (stage: Stage) => void;
  /** Ends it, there as well. */
  readonly signal: AbortSignal;
}

/** Between a stream that was cut and the next. */
const PAUSE_MS = 250;
/** A server that loses the operation so often will go on like that. */
const MOST_LOSSES = 3;
const CANCEL_MS = 2000;
const TYPES = 'type.googleapis.com/';
const UNREADABLE = new ConnectError("the server's answer cannot be read", Code.Internal);

export class Execution {
  readonly #connection: Connection;
  readonly #patience: Patience;

  constructor(connection: Connection, patience: Patience) {
    this.#connection = connection;
    this.#patience = patience;
  }

  /**
   * Runs an action whose inputs the server has. What became of it is in the response, whose status comes before all else.
   * Throws a `ConnectError` where the server cannot be asked, or does not want to; the operation is cancelled then.
   */
  async run(request: ExecutionRequest): Promise<ExecuteResponse> {
    const { limitMs } = request;
    const limit = new AbortController();
    const late = (): void =>
      limit.abort(new ConnectError(`it has got no further for ${limitMs / 1000} s`, Code.Internal));
    const timer = setTimeout(late, limitMs);
    const signal = AbortSignal.any([this.#patience.signal, request.signal, limit.signal]);
    const patience = { ...this.#patience, signal, timeoutMs: limitMs, moved: undefined };
    const followed = new Followed(this.#connection, request, this.#patience.timeoutMs, () => void timer.refresh());
    try {
      for (;;) {
        const response = await patiently((deadline) => followed.listen(deadline.signal), patience);
        if (response) return response;
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
        signal.throwIfAborted();
      }
    } catch (error) {
      await followed.cancel();
      request.signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

class Followed {
  readonly #connection: Connection;
  readonly #request: ExecutionRequest;
  readonly #silenceMs: number;
  readonly #onProgress: () => void;
  /** Of the operation; empty where none is known. */
  #name = '';
  #stage = ExecutionStage_Value.UNKNOWN;
  #losses = 0;

  constructor(connection: Connection, request: ExecutionRequest, silenceMs: number, onProgress: () => void) {
    this.#connection = connection;
    this.#request = request;
    this.#silenceMs = silenceMs;
    this.#onProgress = onProgress;
  }

  /** Listens as long as the server speaks; undefined where it was cut, or has forgotten the operation, and is to be asked again. */
  async listen(signal: AbortSignal): Promise<ExecuteResponse | undefined> {
    const clients = this.#connection.executing();
    using silence = new Silence(clients, this.#connection.address.instance, this.#silenceMs);
    let isHeard = false;
    try {
      for await (const operation of this.#open(clients, AbortSignal.any([signal, silence.signal]))) {
        isHeard = true;
        silence.restart();
        this.#name = operation.name || this.#name;
        this.#noteStage(operation);
        if (operation.done) return responseOf(operation);
      }
    } catch (thrown) {
      const error = silence.reasonOf(thrown);
      if (this.#name !== '' && isMissing(error)) this.#name = '';
      else if (signal.aborted || isRefusal(error)) throw error;
      else if (!(error instanceof ConnectError)) return failed(UNREADABLE);
      else if (!isUnreachable(error)) return failed(error);
      else if (!isHeard) throw error;
    }
    if (!isHeard && this.#name !== '')
      throw new ConnectError('the server says nothing of the action', Code.Unavailable);
    if (this.#name === '' && ++this.#losses > MOST_LOSSES)
      return failed(new ConnectError('the server keeps losing what it is asked to run', Code.Internal));
    return undefined;
  }

  /** Tells the server that nobody waits any more. What it makes of that is its own. */
  async cancel(): Promise<void> {
    if (this.#name === '') return;
    const { operations } = this.#connection.executing();
    await operations
      .cancelOperation({ name: this.#name }, { signal: AbortSignal.timeout(CANCEL_MS) })
      .catch(() => undefined);
  }

  #open({ execution }: ExecutionClients, signal: AbortSignal): AsyncIterable<Operation> {
    if (this.#name !== '') return execution.waitExecution({ name: this.#name }, { signal });
    const { key, anew } = this.#request;
    const question = {
      instanceName: this.#connection.address.instance,
      actionDigest: onWire(key),
      skipCacheLookup: anew,
      digestFunction: DigestFunction_Value.SHA256,
    };
    return execution.execute(question, { signal });
  }

  #noteStage({ metadata }: Operation): void {
    const { stage } = (metadata && anyUnpack(metadata, ExecuteOperationMetadataSchema)) ?? { stage: this.#stage };
    // It only goes on: one that is told again, or that goes back, is no progress.
    if (stage <= this.#stage || stage > ExecutionStage_Value.COMPLETED) return;
    this.#stage = stage;
    this.#onProgress();
    if (stage === ExecutionStage_Value.QUEUED) this.#request.onStage('queued');
    if (stage === ExecutionStage_Value.EXECUTING) this.#request.onStage('running');
  }
}

/** While an action runs, most servers say nothing. One that is there answers another question meanwhile. */
class Silence implements Disposable {
  readonly #gone = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly signal = this.#gone.signal;
  #isOver = false;

  constructor({ capabilities }: ExecutionClients, instanceName: string, ms: number) {
    const ask = async (): Promise<void> => {
      try {
        await capabilities.getCapabilities({ instanceName }, { signal: AbortSignal.timeout(ms) });
      } catch (error) {
        // Whoever refuses is there.
        if (isUnreachable(error))
          this.#gone.abort(new ConnectError('the server does not answer any more', Code.Unavailable));
      }
      if (!this.#isOver) this.#timer.refresh();
    };
    this.#timer = setTimeout(() => void ask(), ms);
  }

  restart(): void {
    this.#timer.refresh();
  }

  reasonOf(error: unknown): unknown {
    return this.#gone.signal.aborted ? this.#gone.signal.reason : error;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}

/** An operation that ended in an error is a response with that status. */
function responseOf({ result }: Operation): ExecuteResponse {
  if (result.case === 'error') return create(ExecuteResponseSchema, { status: result.value });
  const response = result.case === 'response' ? anyUnpack(result.value, ExecuteResponseSchema) : undefined;
  return response ?? failed(new ConnectError('the server ended the operation without a response', Code.Internal));
}

/** So is a call that the server has answered with an error. */
function failed({ code, rawMessage: message, details }: ConnectError): ExecuteResponse {
  const any = details.flatMap((one) => ('type' in one ? [{ typeUrl: `${TYPES}${one.type}`, value: one.value }] : []));
  return create(ExecuteResponseSchema, { status: { code, message, details: any } });
}

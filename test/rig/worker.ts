/**
 * A server of the Remote Execution API with a worker: small, and a real one. It runs what it is asked to (`worker-run.ts`),
 * keeps blobs and results, and makes the faults that servers have where a test says so.
 */
import { anyPack } from '@bufbuild/protobuf/wkt';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ActionCache,
  Capabilities,
  ContentAddressableStorage,
  DigestFunction_Value,
  ExecuteOperationMetadataSchema,
  ExecuteResponseSchema,
  Execution,
  ExecutionStage_Value,
  type ActionResult,
  type Digest,
  type ExecuteResponse,
} from '../../cache/reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { ByteStream } from '../../cache/reapi/gen/google/bytestream/bytestream_pb.js';
import { OperationSchema, Operations, type Operation } from '../../cache/reapi/gen/google/longrunning/operations_pb.js';
import { MessageWriter } from '../../cache/reapi/wire.ts';
import { GrpcServer } from './grpc-server.ts';
import { Blobs, execute, missingOf, platformOf } from './worker-run.ts';

/** What goes wrong with one operation. */
export type Fault =
  /** The stream breaks off when the operation has its name; it goes on. */
  | 'cut'
  /** The same, and nobody knows the operation any more. */
  | 'forgotten'
  /** The stream ends well before the operation does. */
  | 'early end'
  /** The inputs are lost, and that is said as the API wants it. */
  | 'inputs lost'
  /** The same, and the server has no word for it. */
  | 'inputs lost, unsaid'
  /** What other actions have made is lost as well. */
  | 'inputs and outputs lost'
  | 'unavailable'
  | 'internal'
  /** It never ends. */
  | 'endless'
  /** Of each output file another hash is told. */
  | 'wrong digests'
  /** Results lack their outputs. */
  | 'no outputs'
  /** Commands may make no namespaces. */
  | 'no namespaces';

interface Running {
  readonly response: Promise<ExecuteResponse>;
  readonly ending: AbortController;
}

export class Worker implements Disposable {
  /** The faults of the next operations, one after the other. */
  readonly faults: (Fault | undefined)[] = [];
  /** Arguments of the commands that were run. */
  readonly ran: string[] = [];
  cancelled = 0;
  /** As many commands as ran at once. */
  most = 0;
  /** It has the same results for those that have failed. */
  keepsFailures = false;
  /** It starts commands in their input root, which is no root to it, and takes actions for such workers alone. */
  isPlain = false;
  readonly blobs: Blobs;
  readonly results = new Map<string, ActionResult>();
  #running = 0;
  readonly #bubblewrap: string;
  readonly #folder: string;
  readonly #server: GrpcServer;
  readonly #operations = new Map<string, Running>();

  private constructor(bubblewrap: string) {
    this.#bubblewrap = bubblewrap;
    this.#folder = mkdtempSync(join(tmpdir(), 'dsmb-worker-'));
    this.blobs = new Blobs(join(this.#folder, 'blobs'));
    mkdirSync(this.blobs.folder);
    this.#server = new GrpcServer((router) => this.#routes(router));
  }

  /** `bubblewrap` is the program. */
  static async start(bubblewrap: string): Promise<Worker> {
    const worker = new Worker(bubblewrap);
    await worker.#server.listen();
    return worker;
  }

  /** Names of methods, in the order of the calls. */
  get calls(): string[] {
    return this.#server.calls;
  }

  /** For `--remote-executor`. */
  get address(): string {
    return this.#server.address;
  }

  count(method: string): number {
    return this.#server.count(method);
  }

  [Symbol.dispose](): void {
    for (const { ending } of this.#operations.values()) ending.abort();
    this.#server[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #routes(router: ConnectRouter): void {
    router.service(Capabilities, { getCapabilities: () => CAPABILITIES });
    router.service(ActionCache, {
      getActionResult: ({ actionDigest }) =>
        this.results.get(actionDigest!.hash) ?? fail(Code.NotFound, 'there is no such result'),
      updateActionResult: ({ actionDigest, actionResult }) => {
        this.results.set(actionDigest!.hash, actionResult!);
        return actionResult!;
      },
    });
    router.service(ContentAddressableStorage, {
      findMissingBlobs: ({ blobDigests }) => ({
        missingBlobDigests: blobDigests.filter(({ hash }) => !this.blobs.has(hash)),
      }),
      batchUpdateBlobs: ({ requests }) => ({
        responses: requests.map(({ digest, data }) => {
          const isWrong = this.blobs.put(data).hash !== digest!.hash;
          return { digest: digest!, status: { code: isWrong ? Code.InvalidArgument : 0 } };
        }),
      }),
      batchReadBlobs: ({ digests }) => ({
        responses: digests.map((digest) =>
          this.blobs.has(digest.hash)
            ? { digest, data: this.blobs.get(digest) }
            : { digest, status: { code: Code.NotFound } },
        ),
      }),
    });
    router.service(ByteStream, {
      read: ({ resourceName, readOffset }) => this.#read(resourceName, Number(readOffset)),
      write: async (requests) => {
        const chunks: Uint8Array[] = [];
        for await (const { data } of requests) chunks.push(data);
        return { committedSize: this.blobs.put(Buffer.concat(chunks)).sizeBytes };
      },
    });
    router.service(Execution, {
      execute: ({ actionDigest, skipCacheLookup }) => this.#execute(actionDigest!, skipCacheLookup),
      waitExecution: ({ name }) => this.#follow(name, undefined),
    });
    router.service(Operations, {
      cancelOperation: ({ name }) => {
        this.cancelled++;
        this.#operations.get(name)?.ending.abort();
        return {};
      },
    });
  }

  async *#read(name: string, offset: number): AsyncGenerator<{ data: Uint8Array }> {
    const [, hash = ''] = /^blobs\/([0-9a-f]{64})\/\d+$/.exec(name) ?? fail(Code.InvalidArgument, name);
    if (!this.blobs.has(hash)) fail(Code.NotFound, 'there is no such blob');
    const bytes = readFileSync(this.blobs.path(hash));
    for (let at = offset; at < bytes.length; at += CHUNK_BYTES) yield { data: bytes.subarray(at, at + CHUNK_BYTES) };
    await Promise.resolve();
  }

  #execute(action: Digest, isAnew: boolean): AsyncIterable<Operation> {
    const fault = this.faults.shift();
    if (fault === 'unavailable') fail(Code.Unavailable, 'no workers exist for this platform');
    const known = isAnew ? undefined : this.results.get(action.hash);
    const name = `operations/${randomUUID()}`;
    const ending = new AbortController();
    const response = known
      ? Promise.resolve(create(ExecuteResponseSchema, { result: known, cachedResult: true }))
      : this.#run(action, fault, ending.signal);
    this.#operations.set(name, { response, ending });
    return this.#follow(name, fault);
  }

  async *#follow(name: string, fault: Fault | undefined): AsyncGenerator<Operation> {
    const running = this.#operations.get(name) ?? fail(Code.NotFound, 'there is no such operation');
    yield operation(name, ExecutionStage_Value.EXECUTING);
    if (fault === 'forgotten') this.#operations.delete(name);
    if (fault === 'forgotten' || fault === 'cut') fail(Code.Unavailable, 'cut');
    if (fault === 'early end') return;
    const response = await running.response;
    yield create(OperationSchema, {
      ...operation(name, ExecutionStage_Value.COMPLETED),
      done: true,
      result: { case: 'response', value: anyPack(ExecuteResponseSchema, response) },
    });
  }

  async #run(action: Digest, fault: Fault | undefined, signal: AbortSignal): Promise<ExecuteResponse> {
    if (fault === 'internal') return ended(Code.Internal, 'the disk of the worker is full');
    if (fault === 'endless') {
      await once(signal, 'abort');
      return ended(Code.Canceled, 'cancelled');
    }
    if (fault?.startsWith('inputs')) this.#lose(fault === 'inputs and outputs lost');
    const missing = missingOf(this.blobs, action);
    if (missing.length > 0 && fault === 'inputs lost, unsaid')
      return ended(Code.Internal, 'could not stage the inputs');
    if (missing.length > 0) return create(ExecuteResponseSchema, { status: precondition(missing) });
    const wanted = platformOf(this.blobs, action)['dsmb-root'];
    if (this.isPlain === (wanted === 'input-root')) return ended(Code.InvalidArgument, 'no worker is of this platform');
    if (fault === 'no namespaces') return failed('bwrap: setting up uid map: Permission denied\n');
    this.ran.push(action.hash);
    this.most = Math.max(this.most, ++this.#running);
    const { result, timedOut } = await execute(
      this.blobs,
      action,
      this.isPlain ? undefined : this.#bubblewrap,
      signal,
    ).finally(() => this.#running--);
    if (fault === 'no outputs') Object.assign(result, { outputFiles: [], outputDirectories: [] });
    if (fault === 'wrong digests') for (const { digest } of result.outputFiles) digest!.hash = 'ab'.repeat(32);
    if (timedOut) return create(ExecuteResponseSchema, { result, status: { code: Code.DeadlineExceeded } });
    if (result.exitCode === 0 || this.keepsFailures) this.results.set(action.hash, result);
    return create(ExecuteResponseSchema, { result });
  }

  /** Every third blob that clients have sent, and all files that workers have made, or none. */
  #lose(outputs: boolean): void {
    const made = new Set(
      [...this.results.values()].flatMap((one) => one.outputFiles.map(({ digest }) => digest!.hash)),
    );
    const sent = readdirSync(this.blobs.folder).filter((name) => !made.has(name));
    const lost = sent.toSorted().filter((_name, index) => index % 3 === 0);
    for (const name of [...lost, ...(outputs ? made : [])]) rmSync(this.blobs.path(name), { force: true });
  }
}

const CHUNK_BYTES = 1024 * 1024;
const CAPABILITIES = {
  cacheCapabilities: { digestFunctions: [DigestFunction_Value.SHA256] },
  executionCapabilities: { execEnabled: true, digestFunction: DigestFunction_Value.SHA256 },
};

function operation(name: string, stage: ExecutionStage_Value): Operation {
  const metadata = anyPack(ExecuteOperationMetadataSchema, create(ExecuteOperationMetadataSchema, { stage }));
  return create(OperationSchema, { name, metadata });
}

function ended(code: Code, message: string): ExecuteResponse {
  return create(ExecuteResponseSchema, { status: { code, message } });
}

function failed(stderr: string): ExecuteResponse {
  return create(ExecuteResponseSchema, { result: { exitCode: 1, stderrRaw: Buffer.from(stderr) } });
}

/** Format: google/rpc/error_details.proto, `PreconditionFailure`. */
function precondition(missing: readonly string[]) {
  const failure = new MessageWriter();
  for (const name of missing)
    failure.message(1, (violation) => {
      violation.text(1, 'MISSING');
      violation.text(2, `blobs/${name}`);
    });
  const detail = { typeUrl: 'type.googleapis.com/google.rpc.PreconditionFailure', value: failure.finish() };
  return { code: Code.FailedPrecondition, message: 'inputs are missing', details: [detail] };
}

function fail(code: Code, message: string): never {
  throw new ConnectError(message, code);
}

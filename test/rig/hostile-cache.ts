/** A remote cache of a test's own, which answers as the test says. It counts what it is asked. */
import { ConnectError, type Code, type ConnectRouter, type ServiceImpl } from '@connectrpc/connect';
import {
  ActionCache,
  Capabilities,
  Compressor_Value,
  ContentAddressableStorage,
  DigestFunction_Value,
  Execution,
} from '../../cache/reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { ByteStream } from '../../cache/reapi/gen/google/bytestream/bytestream_pb.js';
import { Operations } from '../../cache/reapi/gen/google/longrunning/operations_pb.js';
import { GrpcServer } from './grpc-server.ts';

export interface Answers {
  readonly capabilities?: Partial<ServiceImpl<typeof Capabilities>>;
  readonly execution?: Partial<ServiceImpl<typeof Execution>>;
  readonly operations?: Partial<ServiceImpl<typeof Operations>>;
  readonly actions?: Partial<ServiceImpl<typeof ActionCache>>;
  readonly blobs?: Partial<ServiceImpl<typeof ContentAddressableStorage>>;
  readonly bytes?: Partial<ServiceImpl<typeof ByteStream>>;
}

export class HostileCache implements Disposable {
  readonly #server: GrpcServer;

  private constructor(answers: Answers) {
    const routes = (router: ConnectRouter): void => {
      router.service(Capabilities, { getCapabilities: () => CAPABILITIES, ...answers.capabilities });
      router.service(Execution, answers.execution ?? {});
      router.service(Operations, answers.operations ?? {});
      router.service(ActionCache, answers.actions ?? {});
      router.service(ContentAddressableStorage, answers.blobs ?? {});
      router.service(ByteStream, answers.bytes ?? {});
    };
    this.#server = new GrpcServer(routes);
  }

  static async start(answers: Answers): Promise<HostileCache> {
    const cache = new HostileCache(answers);
    await cache.#server.listen();
    return cache;
  }

  /** Names of methods, in the order of the calls. */
  get calls(): string[] {
    return this.#server.calls;
  }

  get address(): string {
    return this.#server.address;
  }

  count(method: string): number {
    return this.#server.count(method);
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]();
  }
}

/** Fails each call with a code. */
export function failing(code: Code): () => never {
  return () => {
    throw new ConnectError('as the test wants it', code);
  };
}

const CAPABILITIES = {
  cacheCapabilities: {
    digestFunctions: [DigestFunction_Value.SHA256],
    supportedCompressors: [Compressor_Value.ZSTD],
    supportedBatchUpdateCompressors: [Compressor_Value.ZSTD],
  },
};

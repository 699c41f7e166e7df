/** A remote cache of a test's own, which answers as the test says. It counts what it is asked. */
import { ConnectError, type Code, type ConnectRouter, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
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

export interface Answers {
  readonly capabilities?: Partial<ServiceImpl<typeof Capabilities>>;
  readonly execution?: Partial<ServiceImpl<typeof Execution>>;
  readonly operations?: Partial<ServiceImpl<typeof Operations>>;
  readonly actions?: Partial<ServiceImpl<typeof ActionCache>>;
  readonly blobs?: Partial<ServiceImpl<typeof ContentAddressableStorage>>;
  readonly bytes?: Partial<ServiceImpl<typeof ByteStream>>;
}

export class HostileCache implements Disposable {
  /** Names of methods, in the order of the calls. */
  readonly calls: string[] = [];
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();

  private constructor(answers: Answers) {
    const routes = (router: ConnectRouter): void => {
      router.service(Capabilities, { getCapabilities: () => CAPABILITIES, ...answers.capabilities });
      router.service(Execution, answers.execution ?? {});
      router.service(Operations, answers.operations ?? {});
      router.service(ActionCache, answers.actions ?? {});
      router.service(ContentAddressableStorage, answers.blobs ?? {});
      router.service(ByteStream, answers.bytes ?? {});
    };
    const handle = connectNodeAdapter({ routes });
    this.#server = createServer((request, response) => {
      this.calls.push(request.url.split('/').at(-1)!);
      handle(request, response);
    });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => {}).on('close', () => this.#sessions.delete(session));
    });
  }

  static async start(answers: Answers): Promise<HostileCache> {
    const cache = new HostileCache(answers);
    cache.#server.listen(0, '127.0.0.1');
    await once(cache.#server, 'listening');
    return cache;
  }

  get address(): string {
    return `grpc://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  count(method: string): number {
    return this.calls.filter((one) => one === method).length;
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
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

/** Connections to a server: a pool of HTTP/2 sessions with windows that are wide enough for long distances. */
import { Code, ConnectError, createClient, type Client, type Interceptor, type Transport } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { DescService } from '@bufbuild/protobuf';
import type { ClientHttp2Stream, Http2Session, SecureClientSessionOptions } from 'node:http2';
import { randomUUID } from 'node:crypto';
import {
  ActionCache,
  Capabilities,
  ContentAddressableStorage,
} from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { ByteStream } from '../reapi/gen/google/bytestream/bytestream_pb.js';
import { MessageWriter } from '../reapi/wire.ts';
import type { Address } from './address.ts';

/** At 20 ms of round trip, the 64 KiB that Node has would let 3 MiB/s through. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const CONNECTIONS = 3;
const CONNECT_TIMEOUT_MS = 10_000;
const METADATA_HEADER = 'build.bazel.remote.execution.v2.requestmetadata-bin';
// Numbers of fields of `RequestMetadata` and `ToolDetails`.
const METADATA = { tool: 1, invocation: 3 };
const TOOL = { name: 1, version: 2 };

/** What makes the server know its client. Never part of a key, a log or the store. */
export interface Identity {
  /** Headers of each call; asked for anew each time, since they may have expired. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>>;
  /** Called when the server has refused headers: whether there are others now. */
  readonly renew?: (refused: Readonly<Record<string, string>>) => Promise<boolean>;
  /** PEM texts for TLS. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** A build as servers know it, for their logs. */
export interface Invocation {
  readonly version: string;
  readonly id: string;
}

export class Connection implements Disposable {
  readonly address: Address;
  readonly identity: Identity;
  readonly #sessions: readonly Session[];
  readonly #transports: readonly Transport[];
  readonly #clients = new Map<DescService, readonly Client<DescService>[]>();
  #next = 0;

  constructor(address: Address, identity: Identity = {}, invocation: Partial<Invocation> = {}) {
    this.address = address;
    this.identity = identity;
    const { version = '', id = randomUUID() } = invocation;
    const interceptors = [withHeaders(identity, metadataOf({ version, id }))];
    this.#sessions = Array.from({ length: CONNECTIONS }, () => new Session(address, identity.tls));
    this.#transports = this.#sessions.map((sessionManager) =>
      createGrpcTransport({ baseUrl: address.origin, sessionManager, interceptors, acceptCompression: [] }),
    );
  }

  get capabilities(): Client<typeof Capabilities> {
    return this.#client(Capabilities);
  }

  get actions(): Client<typeof ActionCache> {
    return this.#client(ActionCache);
  }

  get blobs(): Client<typeof ContentAddressableStorage> {
    return this.#client(ContentAddressableStorage);
  }

  get bytes(): Client<typeof ByteStream> {
    return this.#client(ByteStream);
  }

  /** Of each service one client for a connection, in turns. */
  #client<Service extends DescService>(service: Service): Client<Service> {
    const known = this.#clients.get(service);
    const clients = known ?? this.#transports.map((transport) => createClient(service, transport));
    if (!known) this.#clients.set(service, clients as Client<DescService>[]);
    return clients[this.#next++ % clients.length] as Client<Service>;
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.abort();
  }
}

/** One connection. Node widens the windows of streams by a setting, and that of a connection by a call alone. */
class Session extends Http2SessionManager {
  readonly #widened = new WeakSet<Http2Session>();

  constructor({ origin }: Address, tls: Identity['tls'] = {}) {
    const options: SecureClientSessionOptions = {
      ...tls,
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    };
    super(origin, { connectTimeoutMs: CONNECT_TIMEOUT_MS }, options);
  }

  override async request(...args: Parameters<Http2SessionManager['request']>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...args);
    const { session } = stream;
    if (session && !session.destroyed && !this.#widened.has(session)) {
      session.setLocalWindowSize(WINDOW_BYTES);
      this.#widened.add(session);
    }
    return stream;
  }
}

function withHeaders({ headers, renew }: Identity, metadata: string): Interceptor {
  return (next) => async (request) => {
    request.header.set(METADATA_HEADER, metadata);
    let own: Readonly<Record<string, string>> = {};
    const identify = async (): Promise<void> => {
      own = (await headers?.()) ?? {};
      for (const [name, value] of Object.entries(own)) request.header.set(name, value);
    };
    await identify();
    try {
      return await next(request);
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unauthenticated || request.stream || !(await renew?.(own)))
        throw error;
      await identify();
      return next(request);
    }
  };
}

function metadataOf({ version, id }: Invocation): string {
  const message = new MessageWriter();
  message.message(METADATA.tool, (tool) => {
    tool.text(TOOL.name, 'dsmb');
    tool.text(TOOL.version, version);
  });
  message.text(METADATA.invocation, id);
  return Buffer.from(message.finish()).toString('base64').replaceAll('=', '');
}

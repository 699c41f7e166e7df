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
  Execution,
} from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { ByteStream } from '../reapi/gen/google/bytestream/bytestream_pb.js';
import { Operations } from '../reapi/gen/google/longrunning/operations_pb.js';
import { MessageWriter } from '../reapi/wire.ts';
import type { Address } from './address.ts';

/** At 20 ms of round trip, the 64 KiB that Node has would let 3 MiB/s through. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const CONNECTIONS = 3;
/** What one session may hold, in MB: Node's 10 are fewer than its streams have under way. */
const SESSION_MEMORY = 256;
/** A message that is larger is none that a server should send. */
const MOST_MESSAGE_BYTES = 16 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const METADATA_HEADER = 'build.bazel.remote.execution.v2.requestmetadata-bin';
// Numbers of fields of `RequestMetadata` and `ToolDetails`.
const METADATA = { tool: 1, invocation: 3 };
const TOOL = { name: 1, version: 2 };

/** What makes the server know its client. Never part of a key, a log or the store. */
export interface Identity {
  /** Headers of each call; asked for anew each time, since they may have expired. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>>;
  /** Called when the server has refused headers: whether there may be others since a time (as of `Date.now`). */
  readonly renew?: (since: number) => Promise<boolean>;
  /** PEM texts for TLS. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** A build as servers know it, for their logs. */
export interface Invocation {
  readonly version: string;
  readonly id: string;
}

/** Clients of one session. */
export interface ExecutionClients {
  readonly execution: Client<typeof Execution>;
  readonly operations: Client<typeof Operations>;
  readonly capabilities: Client<typeof Capabilities>;
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
      createGrpcTransport({
        ...{ baseUrl: address.origin, sessionManager, interceptors },
        ...{ acceptCompression: [], readMaxBytes: MOST_MESSAGE_BYTES },
      }),
    );
  }

  /** How many bytes went over the network, both ways. */
  readonly moved = (): number => this.#sessions.reduce((sum, session) => sum + session.moved, 0);

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

  /** What follows an action shares a session: while the one stream is silent, a question shows whether anybody is there. */
  executing(): ExecutionClients {
    const session = this.#next++;
    return {
      execution: this.#client(Execution, session),
      operations: this.#client(Operations, session),
      capabilities: this.#client(Capabilities, session),
    };
  }

  /** Of each service one client for a session, in turns. */
  #client<Service extends DescService>(service: Service, session = this.#next++): Client<Service> {
    const known = this.#clients.get(service);
    const clients = known ?? this.#transports.map((transport) => createClient(service, transport));
    if (!known) this.#clients.set(service, clients as Client<DescService>[]);
    return clients[session % clients.length] as Client<Service>;
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.abort();
  }
}

/** One connection. Node widens the windows of streams by a setting, and that of a connection by a call alone. */
class Session extends Http2SessionManager {
  #current: Http2Session | undefined;
  /** Of sessions before this one, and of all when this one was last looked at. */
  #before = 0;
  #seen = 0;

  constructor({ origin }: Address, tls: Identity['tls'] = {}) {
    const options: SecureClientSessionOptions = {
      ...tls,
      maxSessionMemory: SESSION_MEMORY,
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    };
    super(origin, { connectTimeoutMs: CONNECT_TIMEOUT_MS }, options);
  }

  get moved(): number {
    const socket = this.#current?.destroyed === false ? this.#current.socket : undefined;
    if (socket) this.#seen = this.#before + socket.bytesRead + socket.bytesWritten;
    return this.#seen;
  }

  override async request(...args: Parameters<Http2SessionManager['request']>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...args);
    const { session } = stream;
    if (session && !session.destroyed && session !== this.#current) {
      this.#before = this.moved;
      this.#current = session;
      session.setLocalWindowSize(WINDOW_BYTES);
    }
    return stream;
  }
}

function withHeaders({ headers }: Identity, metadata: string): Interceptor {
  return (next) => async (request) => {
    request.header.set(METADATA_HEADER, metadata);
    for (const [name, value] of Object.entries((await headers?.().catch(refused)) ?? {}))
      request.header.set(name, value);
    return next(request);
  };
}

/** Who cannot say who it is was refused, and need not ask again. */
function refused(error: unknown): never {
  throw new ConnectError((error as Error).message, Code.Unauthenticated);
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

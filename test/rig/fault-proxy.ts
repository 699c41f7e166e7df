/** A proxy on loopback between a client and a server of gRPC: it hands on what both say, or makes a fault of it. */
import { once } from 'node:events';
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';

export const FAULTS = [
  'cut',
  'delay',
  'silence',
  'truncate',
  'error',
  'evict',
  'wrong bytes',
  'half a message',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The fault of a call; none for most. */
export type Plan = (path: string) => Fault | undefined;

const WINDOW_BYTES = 8 * 1024 * 1024;
/** Of the status of gRPC: cancelled, unknown, deadline exceeded, resource exhausted, aborted, internal, unavailable. */
const STATUSES = ['1', '2', '4', '8', '10', '13', '14'];
const NOT_FOUND = '5';
/** A message begins with a flag and its length. */
const PREFIX_BYTES = 5;

export class FaultProxy implements Disposable {
  plan: Plan = () => undefined;
  /** How long a late answer takes. */
  lateMs = 150;
  /** Faults that were made. */
  count = 0;
  readonly #server: Http2Server;
  readonly #upstream: ClientHttp2Session;
  readonly #sessions = new Set<ServerHttp2Session>();

  private constructor(upstreamPort: number) {
    const settings = { initialWindowSize: WINDOW_BYTES, maxConcurrentStreams: 1000 };
    this.#upstream = connect(`http://127.0.0.1:${upstreamPort}`, { settings });
    this.#upstream.on('connect', () => this.#upstream.setLocalWindowSize(WINDOW_BYTES)).on('error', () => {});
    this.#server = createServer({ settings });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.setLocalWindowSize(WINDOW_BYTES);
      session.on('error', () => {}).on('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => this.#serve(stream as ServerHttp2Stream, headers));
  }

  static async start(upstreamPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstreamPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `grpc://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
    this.#upstream.destroy();
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {});
    const fault = this.plan(headers[':path'] ?? '');
    if (fault) this.count++;
    switch (fault) {
      case 'silence':
        return;
      case 'error':
        return fail(stream, STATUSES[this.count % STATUSES.length]!);
      case 'evict':
        return fail(stream, NOT_FOUND);
      case 'delay':
        setTimeout(() => this.#handOn(stream, headers, undefined), this.lateMs);
        return;
      default:
        return this.#handOn(stream, headers, fault);
    }
  }

  #handOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, fault: Fault | undefined): void {
    if (stream.destroyed) return;
    const call = this.#upstream.request(headers);
    call.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    stream.on('close', () => call.close());
    stream.pipe(call);
    let trailers: IncomingHttpHeaders = {};
    call.on('trailers', (last) => (trailers = last));
    call.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) return stream.respond(answer, { endStream: true });
      stream.respond(answer, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(named(trailers)));
      if (fault) call.pipe(this.#spoilt(fault, stream)).pipe(stream);
      else call.pipe(stream);
    });
  }

  #spoilt(fault: Fault, stream: ServerHttp2Stream): Transform {
    let seen = 0;
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const isFirst = seen === 0;
        seen += chunk.length;
        if (fault === 'wrong bytes') {
          const wrong = Buffer.from(chunk);
          for (let at = isFirst ? PREFIX_BYTES + 3 : 0; at < wrong.length; at += 1000) wrong[at]! ^= 0x55;
          return done(null, wrong);
        }
        done(null, chunk.subarray(0, chunk.length / 2));
        if (fault === 'truncate') setImmediate(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
        if (fault === 'cut') setImmediate(() => stream.session?.destroy());
      },
    });
  }
}

function fail(stream: ServerHttp2Stream, status: string): void {
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status, 'grpc-message': 'a fault' },
    { endStream: true },
  );
}

function named(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(':') || value === undefined ? [] : [[name, String(value)]],
    ),
  );
}

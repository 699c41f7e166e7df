/** Talking to a guest's TCP ports through the host's ends of QEMU's user-mode network. */
import { get, type IncomingMessage } from 'node:http';

/** What a guest answered over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** At most 1 MiB. */
  readonly body: string;
}

const ATTEMPT_MS = 10_000;
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads the table of `info usernet`: guest port to host port of every TCP forward.
 *
 *     TCP[HOST_FORWARD]  12       127.0.0.1 34561       10.0.2.15  5000     0     0
 */
export function parseForwards(infoUsernet: string): Map<number, number> {
  const rows = infoUsernet.matchAll(/TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)/g);
  return new Map([...rows].map(([, host, guest]) => [Number(guest), Number(host)]));
}

/**
 * One GET; undefined where nobody answers or the answer breaks off. That a connection opens means nothing: QEMU
 * accepts it before the guest does.
 */
export async function httpGet(hostPort: number, path: string, signal: AbortSignal): Promise<HttpAnswer | undefined> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]);
    return await request(hostPort, path, limit);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function request(port: number, path: string, signal: AbortSignal): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get({ host: '127.0.0.1', port, path, signal, agent: false }, resolve).on('error', reject);
  const response = await promise;
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    body: await bodyOf(response),
  };
}

/** The body of an answer as text, at most 1 MiB of it. */
export async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_BODY_BYTES);
}

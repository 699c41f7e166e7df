/**
 * What the machines of a team have made of an action, whatever its key was, with what their keys were made of: for
 * explanations. It lies on the server as the output of an action that nobody runs, whose key is made of a name alone, and is
 * no more believed than other words of a server.
 */
import type { Digest } from '../../src/model/digest.ts';
import { digestOf, EMPTY } from '../cas.ts';
import { encodeAction, encodeCommand } from '../reapi/messages.ts';
import type { RemoteBlobs } from './blobs.ts';
import { bytesSource } from './export.ts';
import { isMissing, patiently } from './patience.ts';
import { inMemory } from './receiver.ts';
import type { Server } from './server.ts';
import { fromWire, onWire } from './wire-digest.ts';

const FORMAT = '1';
const PATH = 'out/known';
/** The newest of an action. */
const MOST_RESULTS = 8;
/** Of a machine's name. */
const MOST_NAME = 200;
const MOST_BYTES = 2 * 1024 * 1024;

/** A result that some machine has made. */
export interface KnownResult {
  /** `hash/size`. */
  readonly key: string;
  readonly worker: string;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  /** What the key is made of, as the writer has put it. */
  readonly parts: string;
}

export class KnownResults {
  readonly #reads: Server<RemoteBlobs> | undefined;
  readonly #writes: Server<RemoteBlobs> | undefined;

  constructor(reads: Server<RemoteBlobs> | undefined, writes: Server<RemoteBlobs> | undefined) {
    this.#reads = reads;
    this.#writes = writes;
  }

  /** What is known of a name, the newest first. */
  async of(name: string): Promise<readonly KnownResult[]> {
    const server = this.#reads;
    return (await server?.attempt('reading', (blobs) => read(server, blobs, keyOf(name).key))) ?? [];
  }

  /** Two machines that add at the same time may lose one of both: it is for explanations. */
  async add(name: string, known: KnownResult): Promise<void> {
    const server = this.#writes;
    await server?.attempt('writing', async (blobs) => {
      const { key, messages } = keyOf(name);
      const others = (await read(server, blobs, key)).filter((one) => one.key !== known.key);
      const bytes = encoded([known, ...others]);
      if (!bytes) return;
      await blobs.write([...messages, bytes].map(bytesSource));
      const actionResult = { outputFiles: [{ path: PATH, digest: onWire(digestOf(bytes)) }] };
      const { address, actions } = server.connection;
      const update = { instanceName: address.instance, actionDigest: onWire(key), actionResult };
      await patiently(({ signal }) => actions.updateActionResult(update, { signal }), server.patience);
    });
  }
}

function keyOf(name: string): { readonly key: Digest; readonly messages: readonly Uint8Array[] } {
  const outputs = [{ path: PATH, shape: 'file' as const }];
  const command = encodeCommand({ argv: ['dsmb-known', FORMAT, name], env: {}, outputs, platform: {} });
  const about = { command: digestOf(command), inputRoot: EMPTY, timeoutMs: 0, platform: {}, salt: '' };
  const action = encodeAction(about);
  return { key: digestOf(action), messages: [command, action] };
}

async function read(
  { connection, patience }: Server<RemoteBlobs>,
  blobs: RemoteBlobs,
  key: Digest,
): Promise<KnownResult[]> {
  const question = { instanceName: connection.address.instance, actionDigest: onWire(key) };
  try {
    const answer = await patiently(({ signal }) => connection.actions.getActionResult(question, { signal }), patience);
    const of = fromWire(answer.outputFiles.find(({ path }) => path === PATH)?.digest);
    if (!of || of.size > MOST_BYTES) return [];
    const found = new Map<string, Uint8Array>();
    await blobs.read([of], inMemory(found));
    return decoded(found.get(of.hash));
  } catch (error) {
    if (isMissing(error) || error instanceof TypeError) return [];
    throw error;
  }
}

/** As many as there is room for; undefined where there is none for the first. */
function encoded(results: readonly KnownResult[]): Uint8Array | undefined {
  for (let count = Math.min(results.length, MOST_RESULTS); count > 0; count--) {
    const bytes = Buffer.from(JSON.stringify(results.slice(0, count)));
    if (bytes.length <= MOST_BYTES) return bytes;
  }
  return undefined;
}

function decoded(bytes: Uint8Array | undefined): KnownResult[] {
  try {
    const results: unknown = JSON.parse(Buffer.from(bytes ?? []).toString());
    const known = Array.isArray(results) ? results.filter(isKnown) : [];
    return known.slice(0, MOST_RESULTS).map((one) => ({ ...one, worker: one.worker.slice(0, MOST_NAME) }));
  } catch {
    return [];
  }
}

function isKnown(one: unknown): one is KnownResult {
  if (typeof one !== 'object' || one === null) return false;
  const { key, worker, endedAt, parts } = one as Partial<Record<keyof KnownResult, unknown>>;
  const isKey = typeof key === 'string' && /^[0-9a-f]{64}\/\d{1,15}$/.test(key);
  return isKey && typeof worker === 'string' && typeof parts === 'string' && Number.isFinite(endedAt);
}

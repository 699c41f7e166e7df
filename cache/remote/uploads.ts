/** What a build gives to a server: results, beside the build. */
import { formatDigest } from '../../src/model/digest.ts';
import type { ResultData } from '../reapi/messages.ts';
import type { Store } from '../store.ts';
import { exportResult, type Exported } from './export.ts';
import type { RemoteBlobs } from './blobs.ts';
import { KnownResults } from './known-results.ts';
import { isMissing, patiently } from './patience.ts';
import type { Server } from './server.ts';
import type { Source } from './source.ts';
import { fileKind, type Kind, type Traffic } from './traffic.ts';
import { onWire } from './wire-digest.ts';

/** What of an action is sent. */
export interface Sent {
  /** `Command` and `Action`, encoded. */
  readonly messages: readonly [command: Uint8Array, action: Uint8Array];
  /** Others find what its key is made of under a name, for explanations. */
  readonly known?: { readonly name: string; readonly parts: () => string };
}

interface Job {
  readonly action: Sent;
  readonly result: ResultData;
}

/** Results at a time: over a distance most of the time passes in questions. */
const JOBS = 8;

export class Uploads {
  readonly #store: Store;
  readonly #server: Server<RemoteBlobs>;
  readonly #traffic: Traffic;
  readonly #waiting: Job[] = [];
  readonly #workers = new Set<Promise<void>>();
  readonly #known: KnownResults;
  #sent = 0;
  #left = 0;

  constructor(store: Store, server: Server<RemoteBlobs>, traffic: Traffic) {
    this.#store = store;
    this.#server = server;
    this.#traffic = traffic;
    this.#known = new KnownResults(undefined, server);
  }

  /** Sends a result when there is time. It must be in the store, and that of an action which has ended well. */
  offer(action: Sent, result: ResultData): void {
    this.#waiting.push({ action, result });
    if (this.#workers.size >= JOBS) return;
    const worker: Promise<void> = this.#work().finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  /** How many results are on their way, or wait for it. */
  get unsent(): number {
    return this.#waiting.length + this.#workers.size;
  }

  /** Waits until all is sent, and says what was not. Gives how many results were sent. */
  async finish(): Promise<number> {
    while (this.#workers.size > 0) await Promise.all(this.#workers);
    if (this.#left > 0)
      this.#server.say(`${this.#left} ${this.#left === 1 ? 'result was' : 'results were'} not sent to it`);
    return this.#sent;
  }

  async #work(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift())
      if (!(await this.#send(job).catch((error: unknown) => this.#failed(error)))) this.#left++;
  }

  /** The store may have lost a blob meanwhile; a build that is ended sends no more. */
  #failed(error: unknown): boolean {
    if (!this.#server.patience.signal.aborted) this.#server.say(error instanceof Error ? error.message : String(error));
    return false;
  }

  /** Whether the server has a result now. The first one stays: what a virtual machine writes differs from run to run. */
  async #send(job: Job): Promise<boolean> {
    const became = await this.#server.attempt('writing', async (blobs) => {
      const exported = exportResult(this.#store, job.action.messages, job.result);
      if (await this.#has(exported)) return 'there';
      await this.#write(blobs, exported);
      this.#sent++;
      await this.#tellOf(job, exported);
      return 'sent';
    });
    return became !== undefined;
  }

  async #tellOf({ action, result }: Job, { key }: Exported): Promise<void> {
    if (!action.known) return;
    const { startedAt, durationMs, worker } = result;
    const known = { key: formatDigest(key), worker, endedAt: startedAt + durationMs, parts: action.known.parts() };
    await this.#known.add(action.known.name, known);
  }

  async #has({ key }: Exported): Promise<boolean> {
    const { connection, patience } = this.#server;
    const question = { instanceName: connection.address.instance, actionDigest: onWire(key) };
    try {
      await patiently(({ signal }) => connection.actions.getActionResult(question, { signal }), patience);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** The result comes last: who finds it finds all that it names. */
  async #write(blobs: RemoteBlobs, { key, messages, files, result: actionResult }: Exported): Promise<void> {
    const { connection, patience } = this.#server;
    const counted = [
      ...messages.map((one) => this.#counting(one, 'trees')),
      ...files.map((one) => this.#counting(one, fileKind(one.digest))),
    ];
    await blobs.write(counted);
    const update = { instanceName: connection.address.instance, actionDigest: onWire(key), actionResult };
    await patiently(({ signal }) => connection.actions.updateActionResult(update, { signal }), patience);
  }

  #counting(source: Source, kind: Kind): Source {
    return { ...source, onSent: (bytes) => (this.#traffic.written[kind] += bytes) };
  }
}

/**
 * A distance between a client and a server: what either sends arrives so many milliseconds later, and not a byte of it is
 * changed. It runs on a thread of its own, so that it takes no time from who is measured.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** On the way in each direction; more would be none that a network has room for. */
const MOST_BYTES = 32 * 1024 * 1024;

interface Way {
  readonly port: number;
  readonly roundTripMs: number;
}

export class Distance implements Disposable {
  readonly #worker: Worker;
  readonly #port: number;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.#port = port;
  }

  /** Puts a distance in front of a port of this machine. */
  static async to(port: number, roundTripMs: number): Promise<Distance> {
    const worker = new Worker(new URL(import.meta.url), { workerData: { port, roundTripMs } satisfies Way });
    const [own] = (await once(worker, 'message')) as [number];
    return new Distance(worker, own);
  }

  get address(): string {
    return `grpc://127.0.0.1:${this.#port}`;
  }

  [Symbol.dispose](): void {
    void this.#worker.terminate();
  }
}

async function serve({ port, roundTripMs }: Way): Promise<void> {
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    handOn(near, far, roundTripMs / 2);
    handOn(far, near, roundTripMs / 2);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage((server.address() as AddressInfo).port);
}

function handOn(from: Socket, to: Socket, afterMs: number): void {
  let underWay = 0;
  from.on('data', (bytes: Buffer) => {
    underWay += bytes.length;
    if (underWay > MOST_BYTES) from.pause();
    setTimeout(() => {
      to.write(bytes, () => {
        underWay -= bytes.length;
        if (underWay <= MOST_BYTES) from.resume();
      });
    }, afterMs);
  });
  from.on('end', () => setTimeout(() => to.end(), afterMs));
  from.on('error', () => to.destroy()).on('close', () => setTimeout(() => to.destroy(), afterMs));
}

if (!isMainThread && workerData) await serve(workerData as Way);

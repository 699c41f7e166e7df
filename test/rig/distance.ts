/**
 * A distance between a client and a server: what either sends arrives so many milliseconds later, and not a byte of it is
 * changed. It is a process of its own, so that what it takes of the processor is not counted as that of who is measured.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** On the way in each direction; more would be none that a network has room for. */
const MOST_BYTES = 32 * 1024 * 1024;
const FILE = fileURLToPath(import.meta.url);

export class Distance implements Disposable {
  readonly #process: ChildProcess;
  readonly #port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.#port = port;
  }

  /** Puts a distance in front of a port of this machine. */
  static async to(port: number, roundTripMs: number): Promise<Distance> {
    const child = fork(FILE, [`${port}`, `${roundTripMs}`]);
    const [own] = (await once(child, 'message')) as [number];
    return new Distance(child, own);
  }

  get address(): string {
    return `grpc://127.0.0.1:${this.#port}`;
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }
}

async function serve(port: number, roundTripMs: number): Promise<void> {
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    handOn(near, far, roundTripMs / 2);
    handOn(far, near, roundTripMs / 2);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
  // Nobody is left to serve.
  process.on('disconnect', () => process.exit());
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

if (process.argv[1] === FILE) await serve(Number(process.argv[2]), Number(process.argv[3]));

/** One call of the command line, while it runs. */
import { spawn, type ChildProcess } from 'node:child_process';

/** How a call ended. */
export interface Finished {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const POLL_MS = 20;
/** A text that was not said by then will not come. */
const PATIENCE_MS = 300_000;

export class Invocation {
  readonly finished: Promise<Finished>;
  readonly #process: ChildProcess;
  #stdout = '';
  #stderr = '';
  #ended = false;

  /** Starts a program in a process group of its own, as a terminal does. */
  constructor(program: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#process = child;
    this.finished = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) => {
        this.#ended = true;
        resolve({ exitCode, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the program did not start');
    return this.#process.pid;
  }

  /** What standard error has shown so far. */
  get said(): string {
    return this.#stderr;
  }

  /** Waits until standard error shows a text. Fails when the call ends before, and after five minutes. */
  async untilSaid(text: string): Promise<void> {
    const from = performance.now();
    while (!this.#stderr.includes(text)) {
      if (this.#ended) throw new Error(`it ended before it said '${text}':\n${this.#stderr}`);
      if (performance.now() - from > PATIENCE_MS) throw new Error(`it has not said '${text}':\n${this.#stderr}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Sends a signal to the whole process group, as a terminal does for Ctrl-C. */
  interrupt(signal: NodeJS.Signals = 'SIGINT'): void {
    process.kill(-this.pid, signal);
  }

  /** Ends the builder alone, without a chance to clean up. */
  killBuilder(): void {
    process.kill(this.pid, 'SIGKILL');
  }
}

/** A call of the command line that somebody works with: its output is read and its input written while it runs. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CHECKOUT, type Project } from './project.ts';

const POLL_MS = 20;

export class Session {
  /** What it wrote so far, to both of its outputs. */
  output = '';
  readonly #process: ChildProcessWithoutNullStreams;

  /** Starts `dsmb` in a project, in a process group of its own, as a terminal does. */
  constructor(project: Project, args: readonly string[]) {
    const env = { ...process.env, NO_COLOR: '1', ...project.store.env };
    this.#process = spawn(join(CHECKOUT, 'dsmb'), args, { cwd: project.folder, env, detached: true });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** Waits until its output shows a text. Fails when it ends before. */
  async until(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#process.exitCode !== null) throw new Error(`it ended before it said '${text}':\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  type(text: string): void {
    this.#process.stdin.write(text);
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#process.stdin.end();
  }

  /** As a terminal does for Ctrl-C: to the whole process group. */
  interrupt(): void {
    process.kill(-this.#process.pid!, 'SIGINT');
  }

  /** To the command alone. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.#process.pid!, name);
  }

  /** Waits for its end, and gives its exit code. */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'close');
    return this.#process.exitCode;
  }
}

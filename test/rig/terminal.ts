/** The command line on a real pseudo terminal, made by util-linux' script(1), with a person in front of it. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { CHECKOUT, type Project } from './project.ts';
import { Screen } from './screen.ts';

const POLL_MS = 20;
const MARK = 'terminal ';

export class TerminalRun {
  readonly screen: Screen;
  /** All that was written to the terminal. */
  output = '';
  readonly #script: ChildProcess;
  #exitCode: number | undefined;
  #shown: Promise<void> = Promise.resolve();

  /** Starts `dsmb` on a terminal of its own. */
  constructor(project: Project, args: readonly string[], { columns = 80, rows = 24, env = {} } = {}) {
    this.screen = new Screen(columns, rows);
    const quoted = [join(CHECKOUT, 'dsmb'), ...args].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`);
    const command = `stty cols ${columns} rows ${rows}; echo "${MARK}$(tty)"; exec ${quoted.join(' ')}`;
    const plain = { NO_COLOR: '1', CI: undefined, FORCE_COLOR: undefined, TERM: 'xterm-256color' };
    this.#script = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      cwd: project.folder,
      env: { ...process.env, ...plain, ...project.store.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#script.stdout!.setEncoding('utf8').on('data', (text: string) => this.#received(text));
    this.#script.on('close', (code) => (this.#exitCode = code ?? -1));
  }

  /** Waits for the end; gives the exit code, that of a shell for a signal. */
  async ended(): Promise<number> {
    while (this.#exitCode === undefined) await pause();
    await this.#shown;
    await this.screen.flush();
    return this.#exitCode;
  }

  /** Waits until a frame shows something. Fails when the program ends before. */
  async untilShown(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.screen.text())) {
      if (this.#exitCode !== undefined) throw new Error(`it ended without showing ${pattern}:\n${this.screen.text()}`);
      await pause();
    }
  }

  /** Waits until something was written, by a program that draws no frames. Fails when the program ends before. */
  async untilWritten(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      if (this.#exitCode !== undefined) throw new Error(`it ended without writing ${pattern}:\n${this.output}`);
      await pause();
    }
  }

  /** Waits for a frame that was begun after now. */
  async untilDrawn(): Promise<void> {
    const seen = this.screen.frames.length;
    while (this.screen.frames.length < seen + 2 && this.#exitCode === undefined) await pause();
  }

  type(text: string): void {
    this.#script.stdin!.write(text);
  }

  /** As dragging the corner of a window does: the terminal breaks its lines anew, the program is told by a signal. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#shown;
    this.screen.resize(columns, rows);
    const [, device = ''] = new RegExp(`${MARK}(\\S+)`).exec(this.output) ?? [];
    execFileSync('stty', ['-F', device, 'cols', `${columns}`, 'rows', `${rows}`]);
  }

  /** The lines that are left on the screen, without the first, which is not of the program. */
  lines(): string[] {
    return this.screen.text().split('\n').slice(1);
  }

  #received(text: string): void {
    this.output += text;
    this.#shown = this.#shown.then(() => this.screen.write(text));
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

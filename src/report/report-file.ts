/**
 * A file that an option names. One policy for all of them: it is opened before anything runs, folders above it are made,
 * and what it held stays until there is something to write. It may be a named pipe, a device, or standard output.
 */
import { accessSync, closeSync, constants, openSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, writeAtomically } from '../../cache/files.ts';
import { fail, type Diagnostic } from '../model/diagnostic.ts';
import { Sink, STANDARD_ERROR, STANDARD_OUTPUT, type SinkProblem } from './sink.ts';
import { systemReason } from '../model/system-reason.ts';

/** How long a named pipe may wait for its reader. */
const READER_DEADLINE_MS = 10_000;
const READER_POLL_MS = 20;

/** Open already, and shared with what else is said there. */
const STANDARD_FILES: Readonly<Record<string, number>> = {
  '-': STANDARD_OUTPUT,
  '/dev/stdout': STANDARD_OUTPUT,
  '/dev/stderr': STANDARD_ERROR,
};

/** Where it goes: a path whose file is replaced, or what is open already. */
type Goal = { readonly path: string } | { readonly file: number };

export class ReportFile {
  readonly #option: string;
  readonly #name: string;
  readonly #goal: Goal;
  #sink: Sink | undefined;
  #problem: SinkProblem | undefined;

  private constructor(option: string, name: string, goal: Goal) {
    this.#option = option;
    this.#name = name;
    this.#goal = goal;
  }

  /** Opens what `--option` names; `-` is standard output. Waits for the reader of a named pipe. */
  static async open(option: string, name: string): Promise<ReportFile> {
    return new ReportFile(option, name, await goalOf(option, name));
  }

  /** What two options must not share: a path however it is written, or standard output. */
  get place(): string | undefined {
    if ('path' in this.#goal) return this.#goal.path;
    return this.isStandardOutput ? '-' : undefined;
  }

  get isStandardOutput(): boolean {
    return 'file' in this.#goal && this.#goal.file === STANDARD_OUTPUT;
  }

  /** Adds to it, in the background. The first piece takes the place of what it held. */
  write(text: string): void {
    if (this.#problem) return;
    try {
      this.#sink ??= new Sink('file' in this.#goal ? this.#goal.file : openSync(this.#goal.path, 'w'));
      this.#sink.write(text);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Makes this its whole content. A file is replaced at once: who reads it meanwhile finds the old or the new one. */
  replace(text: string): void {
    if (!('path' in this.#goal)) return this.write(text);
    try {
      replaceFile(this.#goal.path, text);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Waits until all is written. Gives what to say when it is not: to a reader that has left, nothing is owed. */
  async close(): Promise<{ readonly diagnostic: Diagnostic; readonly readerLeft: boolean } | undefined> {
    this.#problem ??= await this.#sink?.close();
    if (!this.#problem) return undefined;
    const { reason, readerLeft } = this.#problem;
    const message = `--${this.#option} ${shown(this.#name)} is not complete: ${reason}`;
    return { diagnostic: { code: 'REPORT_INCOMPLETE', message, hint: HINT_INCOMPLETE }, readerLeft };
  }

  #failed(error: unknown): void {
    this.#problem ??= { reason: systemReason(error), readerLeft: false };
  }
}

const HINT_INCOMPLETE = 'fix that, and run the same command again: what was built is kept';

async function goalOf(option: string, name: string): Promise<Goal> {
  const standard = STANDARD_FILES[name];
  if (standard !== undefined) return { file: standard };
  try {
    if (name === '' || name.endsWith('/')) return refuse(option, name, 'that names no file');
    makeFolder(dirname(resolve(name)));
    const stats = statSync(name, { throwIfNoEntry: false });
    if (stats?.isFIFO()) return { file: await openPipe(option, name) };
    if (stats && !stats.isFile() && !stats.isDirectory()) return { file: openSync(name, 'w') };
    return { path: tryFile(resolve(name)) };
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).errno !== 'number') throw error;
    return refuse(option, name, systemReason(error));
  }
}

function refuse(option: string, name: string, reason: string): never {
  return fail('UNWRITABLE_FILE', `--${option} ${shown(name)} cannot be written: ${reason}`, {
    hint: `name a file that can be written, or - for standard output: --${option} -`,
  });
}

/** Whether it can be written is tried, and leaves it as it is. Gives the path behind symbolic links. */
function tryFile(path: string): string {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o666));
  const real = realpathSync(path);
  if (!isThere) rmSync(real);
  return real;
}

/** A folder that takes no new file, or a file that is mounted, still takes its content. */
function replaceFile(path: string, text: string): void {
  try {
    writeAtomically(path, text, false);
  } catch (error) {
    if (!['EACCES', 'EBUSY', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    accessSync(path, constants.W_OK);
    writeFileSync(path, text);
  }
}

async function openPipe(option: string, path: string): Promise<number> {
  const deadline = Date.now() + READER_DEADLINE_MS;
  for (;;) {
    const file = tryPipe(path);
    if (file !== undefined) return file;
    if (Date.now() > deadline)
      fail('NO_READER', `--${option}: no program reads ${path}`, { hint: `start the reader first: cat ${path} &` });
    await sleep(READER_POLL_MS);
  }
}

/** Undefined while nobody has the pipe open for reading. */
function tryPipe(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}

function shown(name: string): string {
  return name === '' ? "''" : name;
}

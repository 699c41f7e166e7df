/** Running the programs of a toolchain from a step: arguments as lists, output streamed, errors that name the program. */
import { execa, ExecaError } from 'execa';
import { createWriteStream } from 'node:fs';
import { pipeline as streamPipeline } from 'node:stream/promises';
import { fail } from '../model/diagnostic.ts';

/** Options of a program run. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to the fixed environment of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text or bytes for standard input. */
  readonly input?: string | Uint8Array;
  /** A file for standard input. */
  readonly inputFile?: string;
  /** Milliseconds until the program is ended; 10 minutes by default. */
  readonly timeoutMs?: number;
  /** Exit codes that are no error; only 0 by default. */
  readonly allow?: readonly number[];
}

const DEFAULT_TIMEOUT_MS = 600_000;

/** Runs a program to its end and gives its standard output as text (64 MiB at most). */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  try {
    const result = await start(program, args, options);
    return result.stdout;
  } catch (error) {
    return explain(program, args, options, error);
  }
}

/** Runs a program and streams its standard output into a file. */
export async function runToFile(
  program: string,
  args: readonly string[],
  file: string,
  options: RunOptions = {},
): Promise<void> {
  try {
    await start(program, args, options, { file });
  } catch (error) {
    explain(program, args, options, error);
  }
}

/** Streams a file through a program into a sink: for filters such as `xz`. `source` and `sink` may be any streams. */
export async function pipeline(
  source: NodeJS.ReadableStream | AsyncIterable<Uint8Array>,
  program: string,
  args: readonly string[],
  sink: NodeJS.WritableStream | string,
  options: RunOptions = {},
): Promise<void> {
  const target = typeof sink === 'string' ? createWriteStream(sink) : sink;
  const child = execa(program, [...args], { ...settings(options), stdin: 'pipe', buffer: { stdout: false } });
  const feeding = streamPipeline(source, child.stdin);
  const draining = streamPipeline(child.stdout, target);
  try {
    await Promise.all([child, feeding, draining]);
  } catch (error) {
    child.kill('SIGKILL');
    const ended = await child.catch((reason: unknown) => reason);
    explain(program, args, options, ended instanceof ExecaError ? ended : error);
  }
}

function start(program: string, args: readonly string[], options: RunOptions, stdout?: { file: string }) {
  return execa(program, [...args], { ...settings(options), ...(stdout ? { stdout } : {}) });
}

function settings(options: RunOptions) {
  return {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.inputFile === undefined ? {} : { inputFile: options.inputFile }),
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
    stripFinalNewline: false,
  } as const;
}

function explain(program: string, args: readonly string[], options: RunOptions, error: unknown): string {
  if (!(error instanceof ExecaError)) throw error;
  if (options.allow?.includes(error.exitCode ?? -1)) return error.stdout ?? '';
  const how = error.timedOut
    ? `did not end within ${options.timeoutMs ?? DEFAULT_TIMEOUT_MS} ms`
    : error.signal
      ? `was ended by ${error.signal}`
      : error.code === 'ENOENT'
        ? 'is not in the toolchain'
        : `exited with ${error.exitCode}`;
  fail('PROGRAM_FAILED', `${program} ${how}`, {
    detail: [`command: ${[program, ...args].join(' ')}`, lastLines(error.stderr), lastLines(error.stdout)]
      .filter((text) => text !== '')
      .join('\n'),
  });
}

function lastLines(output: unknown): string {
  return typeof output === 'string' ? output.trimEnd().split('\n').slice(-20).join('\n') : '';
}

/** For steps that `dsmb run` starts: the user's arguments, and programs that take over the user's terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fail } from '../model/diagnostic.ts';

/** Where the engine puts them in the sandbox. */
export const ARGUMENTS_FILE = 'arguments.json';

/** What the user gave behind `--`; empty for a step that is an action. */
export function userArguments(): readonly string[] {
  const path = `/dsmb/${ARGUMENTS_FILE}`;
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as string[]) : [];
}

/**
 * Runs a program with the terminal of the step. Its exit code becomes that of the step, and so of `dsmb run`. Ctrl-C is
 * the program's to handle. `env` is added to the environment.
 */
export async function runInTerminal(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  try {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    const [code, signal] = (await once(child, 'close').catch((error: Error) =>
      fail('PROGRAM_FAILED', `${program} did not start: ${error.message}`),
    )) as [number | null, NodeJS.Signals | null];
    process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } finally {
    process.off('SIGINT', ignore);
  }
}

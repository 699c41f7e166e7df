/** Starts what `dsmb run` is for: a planned step in its sandbox, with the terminal of the user. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import type { PlannedAction } from '../plan/key.ts';
import { ARGUMENTS_FILE } from '../step/terminal.ts';
import { endProcess } from './end-process.ts';
import { memoFolder, offerHints } from './hints.ts';
import type { Machine } from './machine.ts';
import { layOutFolders, sandboxArgv } from './sandbox.ts';
import type { StepRecord } from './step-record.ts';
import { StepRecords } from './step-records.ts';

export interface RunnableOptions {
  /** What the user gave behind `--`. */
  readonly userArguments: readonly string[];
  readonly signal: AbortSignal;
  readonly onRecord: (record: StepRecord) => void;
}

/**
 * Ctrl-C reaches every process of the terminal. bubblewrap must not die of it, or it would take along a program that
 * handles it; Node, which the step runs in, resets what it inherits.
 */
const DEAF_TO_INTERRUPTS = ['/bin/sh', '-c', 'trap "" INT; exec "$@"', 'sh'];

/** Runs it to its end and gives its exit code, 128 + n for signal n. */
export async function startRunnable(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  options: RunnableOptions,
): Promise<number> {
  using sandbox = machine.sandboxes.layOut(action);
  await offerHints(store, action, sandbox, options.signal);
  const terminal = { network: action.node.runnable?.network === true, env: terminalVariables() };
  const grants = { kvm: await machine.kvm(action), memo: memoFolder(store, action), terminal };
  const bubblewrap = await machine.bubblewrap();
  await layOutFolders(store, action, options.signal);
  writeFileSync(join(sandbox.dsmb, ARGUMENTS_FILE), JSON.stringify(options.userArguments));
  return await untilEnd(sandboxArgv(store, bubblewrap, { ...action, isStep: true }, sandbox, grants), options);
}

/** What programs ask about a terminal. */
function terminalVariables(): Record<string, string> {
  const names = ['TERM', 'COLORTERM', 'NO_COLOR', 'COLUMNS', 'LINES'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

async function untilEnd(argv: readonly string[], { signal, onRecord }: RunnableOptions): Promise<number> {
  if (signal.aborted) return 128 + constants.signals.SIGTERM;
  const [program = '', ...args] = [...DEAF_TO_INTERRUPTS, ...argv];
  const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'pipe'], env: {} });
  const records = new StepRecords((bytes) => void process.stderr.write(bytes), onRecord);
  child.stderr.on('data', (chunk: Buffer) => records.write(chunk)).on('end', () => records.end());
  const end = (): void => endProcess(child.pid!);
  signal.addEventListener('abort', end, { once: true });
  try {
    const [code, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[by ?? 'SIGKILL'];
  } finally {
    signal.removeEventListener('abort', end);
  }
}

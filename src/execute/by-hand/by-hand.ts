/**
 * Starts a sandbox for the user who has called dsmb: with the standard streams of this process, but never with its
 * terminal. Who holds a terminal can change its settings, read what is typed next, and on older kernels type commands. So
 * there is another one, whose content util-linux' script(1) relays; where the user has redirected some streams, those
 * that are terminals are relayed as pipes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { shellWord } from '../../model/shell-word.ts';
import { openForBubblewrap } from '../sandbox/bubblewrap-files.ts';
import { endProcess } from '../process/end-process.ts';
import { endSandbox, interruptSandbox } from '../process/first-process.ts';
import { closeInherited } from '../sandbox/inherited.ts';
import type { Sandbox } from '../sandbox/sandboxes.ts';
import type { Call } from '../process/spawner.ts';

/** Every Debian and Ubuntu has it. */
const SCRIPT = '/usr/bin/script';
/** Follows those of bubblewrap. */
const ERRORS_DESCRIPTOR = 5;
const STREAMS = [0, 1, 2] as const;
/** How long script(1) may take to end what it has started and to give the terminal back. */
const END_MS = 2000;

export interface ByHandOptions {
  /** Ends it; the reason is the name of a signal, which shows in the exit code. */
  readonly signal: AbortSignal;
  /** Ctrl-C at the terminal is not for bubblewrap, which would take along a program that handles it. */
  readonly handlesInterrupts?: boolean;
  /** Gets what it writes to standard error, which otherwise is the terminal or what the user has redirected it to. */
  readonly onErrors?: (chunk: Buffer) => void;
}

/** Whether the user has a terminal to work with. */
export function atTerminal(): boolean {
  return isatty(0) && isatty(1);
}

/** Runs it to its end, and gives its exit code: 128 + n for signal n. */
export async function runByHand(call: Call, sandbox: Sandbox, options: ByHandOptions): Promise<number> {
  const { signal } = options;
  if (signal.aborted) return codeOf(signal.reason);
  closeInherited();
  const child = atTerminal() ? onOwnTerminal(call, sandbox, options) : onPipes(call, sandbox, options);
  const end = (): void => endByHand(child);
  // At a terminal of its own Ctrl-C is a character like others, and no signal.
  const interrupt = (): void => interruptSandbox(sandbox.bubblewrap.status);
  signal.addEventListener('abort', end, { once: true });
  process.on('SIGINT', interrupt);
  try {
    const [code, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    await endSandbox(sandbox.bubblewrap.status);
    return signal.aborted ? codeOf(signal.reason) : (code ?? codeOf(by));
  } finally {
    signal.removeEventListener('abort', end);
    process.off('SIGINT', interrupt);
  }
}

function codeOf(signal: unknown): number {
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? constants.signals.SIGTERM);
}

function endByHand(child: ChildProcess): void {
  const kill = (): void => endProcess(child.pid!);
  if (!atTerminal()) return kill();
  child.kill('SIGTERM');
  const late = setTimeout(kill, END_MS);
  child.once('close', () => clearTimeout(late));
}

function onOwnTerminal({ argv }: Call, sandbox: Sandbox, { onErrors, handlesInterrupts }: ByHandOptions): ChildProcess {
  const start = join(sandbox.folder, 'start');
  const elsewhere = onErrors !== undefined || !isatty(2);
  const deaf = handlesInterrupts ? "trap '' INT\n" : '';
  const redirected = elsewhere ? ` 2>&${ERRORS_DESCRIPTOR} ${ERRORS_DESCRIPTOR}>&-` : '';
  writeFileSync(start, `${deaf}exec ${argv.map(shellWord).join(' ')}${redirected}\n`);
  using files = openForBubblewrap(sandbox.bubblewrap);
  const errors = onErrors ? ['pipe' as const] : elsewhere ? [2] : [];
  const child = spawn(SCRIPT, ['--quiet', '--return', '--command', `exec /bin/sh ${shellWord(start)}`, '/dev/null'], {
    stdio: ['inherit', 'inherit', 'inherit', ...files.descriptors, ...errors],
    env: { SHELL: '/bin/sh' },
  });
  const streams: readonly (Readable | Writable | null | undefined)[] = child.stdio;
  if (onErrors) streams[ERRORS_DESCRIPTOR]?.on('data', onErrors);
  return child;
}

function onPipes({ argv }: Call, sandbox: Sandbox, { onErrors }: ByHandOptions): ChildProcess {
  const [program = '', ...args] = argv;
  using files = openForBubblewrap(sandbox.bubblewrap);
  const relayed = (stream: (typeof STREAMS)[number]): boolean =>
    isatty(stream) || (stream === 2 && onErrors !== undefined);
  const streams = STREAMS.map((stream) => (relayed(stream) ? 'pipe' : 'inherit'));
  // In a session of its own, so that Ctrl-C reaches only what runs in the sandbox.
  const child = spawn(program, args, { stdio: [...streams, ...files.descriptors], env: {}, detached: true });
  if (child.stdin) process.stdin.pipe(child.stdin.on('error', () => {}));
  if (child.stdin) child.on('close', () => process.stdin.pause());
  child.stdout?.pipe(process.stdout, { end: false });
  if (onErrors) child.stderr?.on('data', onErrors);
  else child.stderr?.pipe(process.stderr, { end: false });
  return child;
}

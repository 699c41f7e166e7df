/** The QEMU process: it never outlives the process that started it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { CONSOLE_FD, QMP_FD } from './machine.ts';

/** How a process ended. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running QEMU with the streams that it inherited. */
export interface QemuProcess {
  readonly child: ChildProcess;
  readonly monitor: Duplex;
  readonly console: Duplex;
  /** Settles when the process is gone; rejects where it could not be started. */
  readonly exited: Promise<Exit>;
}

/**
 * Starts QEMU. Its monitor and console are socket pairs that it inherits: they have no path, so no limit of 108 bytes
 * and nothing to clean up. What it says on standard output and error goes to `messagesFile`.
 */
export async function startQemu(
  argv: readonly string[],
  { messagesFile, temporary }: { readonly messagesFile: string; readonly temporary: string },
): Promise<QemuProcess> {
  await using messages = await open(messagesFile, 'w');
  const [program = '', ...args] = [...deathWithParent(), ...argv];
  const child = spawn(program, args, {
    stdio: ['ignore', messages.fd, messages.fd, 'pipe', 'pipe'],
    // For overlays of `snapshot` disks.
    env: { ...process.env, TMPDIR: temporary },
  });
  return {
    child,
    monitor: child.stdio[QMP_FD] as Duplex,
    console: child.stdio[CONSOLE_FD] as Duplex,
    exited: exitOf(child),
  };
}

/**
 * The kernel kills QEMU when its parent dies, however that dies. In a step's sandbox, which has no setpriv, the
 * sandbox's own process namespace sees to it.
 */
function deathWithParent(): string[] {
  const found = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'setpriv')));
  return found ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
}

function exitOf(child: ChildProcess): Promise<Exit> {
  const { promise, resolve, reject } = Promise.withResolvers<Exit>();
  // Whoever waits sees the error; nobody may be waiting yet.
  promise.catch(() => {});
  child.once('error', reject);
  child.once('exit', (status, signal) => resolve({ status, signal }));
  return promise;
}

/** The files that bubblewrap has open when it starts, beside its arguments. The action has none of them. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

export interface BubblewrapFiles {
  /** The standard input of the action. */
  readonly input: string;
  /** The filter of system calls. */
  readonly filter: string;
  /** Where bubblewrap says which process is the first one of the sandbox. */
  readonly status: string;
}

/** The numbers that bubblewrap has them by. It closes them before it starts a program. */
export const DESCRIPTORS = { filter: 3, status: 4 } as const;

/** What a process that becomes bubblewrap is given; closed when it has been started. */
interface OpenFiles extends Disposable {
  readonly input: number;
  /** In the order of their numbers. */
  readonly descriptors: readonly number[];
}

/** Opens them for one start. */
export function openForBubblewrap(files: BubblewrapFiles): OpenFiles {
  const [input, filter, status] = [openSync(files.input, 'r'), openSync(files.filter, 'r'), openEmptied(files.status)];
  return {
    input,
    descriptors: [filter, status],
    [Symbol.dispose]: () => [input, filter, status].forEach((one) => closeSync(one)),
  };
}

/**
 * A file whose first line is empty until bubblewrap writes its own. It is not cut short: what was cut and written anew has
 * to be on the disk when it is closed, says ext4, which takes longer than the rest of a start.
 */
function openEmptied(path: string): number {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  writeSync(file, '\n', 0);
  return file;
}

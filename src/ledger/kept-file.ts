/** The files of the ledger. They are sealed: one that is not whole is not read. */
import { readFileSync } from 'node:fs';
import { writeAtomically } from '../../cache/files.ts';
import { sealed, unsealed } from '../../cache/sealed.ts';
import { orBecause, type Because } from './because.ts';

/** The content of a file; undefined where there is none, or why it cannot be read. */
export function readKept(path: string): Buffer | Because | undefined {
  return orBecause(() => {
    const file = contentAt(path);
    return file && (unsealed(file) ?? { because: `${path} is not whole` });
  });
}

export function writeKept(path: string, text: string): void {
  writeAtomically(path, sealed(Buffer.from(text)), false);
}

function contentAt(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Files that say whether they are whole: one that was cut or changed could still be read as another one. */
import { hash as hashBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const SEAL_BYTES = 32;

/** The bytes of a file that holds a content: its SHA-256 in front of it. */
export function sealed(content: Uint8Array): Buffer {
  return Buffer.concat([sealOf(content), content]);
}

/** The content of a sealed file; undefined where there is none, or where it is not whole. */
export function readSealed(path: string): Buffer | undefined {
  try {
    return unsealed(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** The content of a sealed file's bytes; undefined where they are not whole. */
export function unsealed(file: Buffer): Buffer | undefined {
  const content = file.subarray(SEAL_BYTES);
  return sealOf(content).equals(file.subarray(0, SEAL_BYTES)) ? content : undefined;
}

function sealOf(content: Uint8Array): Buffer {
  return hashBytes('sha256', content, 'buffer');
}

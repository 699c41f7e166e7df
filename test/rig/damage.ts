/** Damage to files of a store, as bad disks and alien hands do it. They are read-only, which their owner can change. */
import { chmodSync, closeSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';

/** Cuts a file off at this size. */
export function cut(path: string, size: number): void {
  change(path, () => truncateSync(path, size));
}

/** Changes a bit of the byte at this place, as a program that writes to the file would: the size stays. */
export function flip(path: string, at: number): void {
  change(path, () => {
    const file = openSync(path, 'r+');
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    writeSync(file, Buffer.from([byte[0]! ^ 1]), 0, 1, at);
    closeSync(file);
  });
}

function change(path: string, how: () => void): void {
  const { mode } = statSync(path);
  chmodSync(path, 0o600);
  how();
  chmodSync(path, mode);
}

/** How much memory there is. */
import { totalmem } from 'node:os';

let known: number | undefined;

/** In MiB, looked at once. A container may have less than the machine. */
export function availableMemoryMiB(): number {
  return (known ??= look());
}

function look(): number {
  const limit = process.constrainedMemory();
  return (limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / 2 ** 20;
}

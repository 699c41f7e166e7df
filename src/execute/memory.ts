/** How much memory there is. */
import { totalmem } from 'node:os';

/** In MiB. A container may have less than the machine. */
export function availableMemoryMiB(): number {
  const limit = process.constrainedMemory();
  return (limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / 2 ** 20;
}

/**
 * A file that changes whenever something that a build may have relied on is taken out of the store: who remembers that
 * a build had nothing to do asks it.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { writeAtomically } from './files.ts';

/** Where it is. Absent until something is removed for the first time. */
export function removalsFile(root: string): string {
  return join(root, 'removals.v1');
}

export function noteRemoval(root: string): void {
  try {
    writeAtomically(removalsFile(root), randomUUID(), false);
  } catch {
    // Nothing can be removed from a store that is read-only.
  }
}

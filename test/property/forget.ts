/** The ledger is deleted, as anybody may do at any moment. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestStore } from '../rig/index.ts';

/** At once, since a build may be writing to it. */
export function forgetLedger(store: TestStore): void {
  const aside = join(store.folder, `forgotten-${crypto.randomUUID()}`);
  try {
    renameSync(join(store.folder, 'ledger.v1'), aside);
  } catch (error) {
    // None is there before a build has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

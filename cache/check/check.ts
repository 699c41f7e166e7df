/** Checks a store: every blob by its content, every record by what it needs, and that nothing else lies there. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../files.ts';
import { seal, SEALED_EXECUTABLE_MODE, SEALED_MODE } from '../stamps.ts';
import { noteRemoval } from '../removals.ts';
import type { Store } from '../store.ts';
import { checkBlobs } from './blobs.ts';
import { checkFolders } from './folders.ts';
import type { Check, Finding } from './finding.ts';
import { checkRecords } from './records.ts';

export interface Checked {
  readonly findings: readonly Finding[];
  readonly blobs: number;
  readonly bytes: number;
  readonly records: number;
}

export interface CheckOptions {
  /** Removes what is broken and sets right what can be. */
  readonly repair: boolean;
  /** What else to look at: kept work whose format the store does not know. */
  readonly more?: (check: Check) => Promise<void>;
  /** Called now and then, so that others get their turn. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Checks everything; with `repair`, what is broken is gone afterwards. */
export async function check(store: Store, { repair, more, onProgress }: CheckOptions): Promise<Checked> {
  using _use = store.use();
  const found = new Map<string, Finding>();
  const sound = new Map<string, number>();
  const report = (finding: Finding): void => {
    const before = found.get(finding.path);
    const keys = [...new Set([...(before?.keys ?? []), ...finding.keys])];
    found.set(finding.path, { ...(before ?? finding), keys });
  };
  const context: Check = { store, sound, broken: new Set(), report };
  await checkBlobs(context, onProgress);
  const records = checkRecords(context);
  checkFolders(context);
  await more?.(context);
  const findings = [...found.values()];
  if (repair && findings.length > 0) noteRemoval(store.root);
  if (repair) for (const finding of findings) mend(store, finding);
  const bytes = [...sound.values()].reduce((sum, size) => sum + size, 0);
  return { findings, blobs: sound.size, bytes, records };
}

function mend(store: Store, { path, repair }: Finding): void {
  const absolute = join(store.root, path);
  if (repair === 'remove') removeTree(absolute);
  if (repair !== 'reset') return;
  chmodSync(absolute, path.startsWith('exec.v1') ? SEALED_EXECUTABLE_MODE : SEALED_MODE);
  seal(absolute);
}

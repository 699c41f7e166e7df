/** Checks records: results of actions, trees of packages, bundles. Each must be readable, and what it names there. */
import { join } from 'node:path';
import { entryPath, readMadeOf, readResult } from '../action-cache.ts';
import { hashesIn, referenceTo } from '../collect/items.ts';
import { entriesOf, readQuietly, shardedEntries } from '../collect/quiet.ts';
import type { ResultData } from '../reapi/messages.ts';
import type { Entries } from '../tree.ts';
import { foreign } from './blobs.ts';
import type { Check } from './finding.ts';
import { Missing, type Gone } from './missing.ts';
import { suspectResults, type Made } from './suspects.ts';

const HASH = /^[0-9a-f]{64}$/;
/** A writer was killed, or is at work right now. */
const TEMPORARY = /^\.[0-9a-f]{12}\.tmp$/;

/** Checks all of them; gives their number. */
export function checkRecords(check: Check): number {
  const missing = new Missing(check);
  return (
    checkResults(check, missing) + checkNamed(check, missing, 'packages.v1') + checkNamed(check, missing, 'bundles.v1')
  );
}

function checkResults(check: Check, missing: Missing): number {
  const { store, report } = check;
  let count = 0;
  const made: Made[] = [];
  for (const { name: key, parentPath } of shardedEntries(join(store.root, 'ac.v1'))) {
    const path = entryPath({ hash: key });
    if (TEMPORARY.test(key)) continue;
    if (!HASH.test(key) || !parentPath.endsWith(key.slice(0, 2))) {
      report(foreign(`ac.v1/${parentPath.slice(-2)}/${key}`));
      continue;
    }
    count++;
    const result = readResult(join(store.root, path));
    if (!result) {
      report({ kind: 'result', path, problem: 'cannot be decoded', repair: 'remove', keys: [key] });
      continue;
    }
    if (check.broken.size > 0) made.push(madeBy(key, result, readMadeOf(join(store.root, path))));
    const gone = missing.belowNodes(result.outputs);
    if (gone.length === 0) continue;
    report({ kind: 'result', path, problem: needs(gone), repair: 'remove', keys: [key] });
    for (const { hash } of gone) blame(check, hash, key);
  }
  for (const [{ key }, hash] of suspectResults(check, made)) {
    const problem = `may be wrong: it was made from blob ${hash.slice(0, 12)}…, which is broken or suspect`;
    report({ kind: 'result', path: entryPath({ hash: key }), problem, repair: 'remove', keys: [key] });
  }
  return count;
}

function madeBy(key: string, { outputs }: ResultData, of: Entries): Made {
  return { key, of: [...of.values()].flatMap(referenceTo), outputs: [...outputs.values()].flatMap(referenceTo) };
}

/** A broken blob was found already: now it is known whose it is. */
function blame({ store, report }: Check, hash: string, key: string): void {
  const path = `cas.v1/${hash.slice(0, 2)}/${hash}`;
  if (readQuietly(join(store.root, path)))
    report({ kind: 'blob', path, problem: 'is broken', repair: 'remove', keys: [key] });
}

function checkNamed({ store, report }: Check, missing: Missing, folder: 'packages.v1' | 'bundles.v1'): number {
  let count = 0;
  for (const { name } of entriesOf(store.root, folder)) {
    if (TEMPORARY.test(name)) continue;
    const path = `${folder}/${name}`;
    count++;
    const [first] = hashesIn(join(store.root, path), folder === 'packages.v1' ? 'directory' : 'file');
    const gone = first ? missing.below(first) : [];
    if (!first || gone.length > 0)
      report({
        kind: 'record',
        path,
        problem: first ? needs(gone) : 'names no blob',
        repair: 'remove',
        keys: [],
      });
  }
  return count;
}

function needs(gone: readonly Gone[]): string {
  const [{ hash, path } = { hash: '', path: '' }] = gone;
  const what = `blob ${hash.slice(0, 12)}…${path ? ` (${path})` : ''}`;
  return `needs ${what}${gone.length > 1 ? ` and ${gone.length - 1} more` : ''}, which is missing or broken`;
}

/** The package lists of apt: brought up to date when somebody asks for what is in them. */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import { APT_HINT, aptResult, type AptOptions, type AptResult } from './apt.ts';
import { requireReachable } from './reach.ts';

const LISTS_MAX_AGE_MS = 24 * 60 * 60 * 1000;
const LOCK_WAIT_MS = 120_000;
const LOCK_POLL_MS = 500;

/**
 * Brings the package lists up to date when there are none or they are older than a day (or always, with `force`).
 * Tells whether it did.
 */
export async function updateLists(options: AptOptions, force = false): Promise<boolean> {
  const stamp = join(options.cache, 'updated');
  const since = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  if (!force && since !== undefined && Date.now() - since < LISTS_MAX_AGE_MS) return false;
  await requireReachable(options);
  const result = await whenUnlocked(() => aptResult(options, 'apt-get', ['update']));
  // apt calls it a success when nothing could be reached. One broken third-party source must not stop us, though.
  if (!/^(Get|Hit):/m.test(result.stdout))
    fail('APT_FAILED', 'the package lists could not be fetched', { detail: result.stderr, hint: APT_HINT });
  if (/^Err:/m.test(result.stdout)) rmSync(stamp, { force: true });
  else writeFileSync(stamp, '');
  return true;
}

/** Another build may be updating the same lists: apt then says so at once instead of waiting. */
async function whenUnlocked(start: () => Promise<AptResult>): Promise<AptResult> {
  for (let waited = 0; ; waited += LOCK_POLL_MS) {
    const result = await start();
    if (!/Could not get lock/.test(result.stderr) || waited >= LOCK_WAIT_MS) return result;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

/** The whole way with the machine's own apt: resolve, lock, fetch, unpack; needs its package sources. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { debFile } from './packages.ts';
import { fetchSet, lockSet, materialiseSet, renewLock, type ToolchainContext } from './index.ts';
import { MemorySink } from './packages.test-helper.ts';
import { updateLock, withSet } from './lock.ts';

const MINUTE_MS = 60_000;
const set = { packages: ['dash'], closure: false };
let folder: string;
let context: ToolchainContext;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-toolchain-'));
  context = { lockFile: join(folder, 'toolchain.lock.json'), cache: join(folder, 'apt'), frozen: false, warn() {} };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const frozen = () => ({ ...context, frozen: true });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no failure',
    (error) => error.diagnostic?.code ?? error,
  );

test('a frozen lock is not added to', async () => {
  expect(await codeOf(lockSet(set, frozen()))).toBe('LOCK_MISSING');
});

test('a set is resolved, locked, fetched and unpacked', { timeout: 3 * MINUTE_MS }, async () => {
  const sink = new MemorySink();
  const packages = await materialiseSet(set, context, sink);
  expect(packages.map(({ name }) => name)).toEqual(['dash']);
  expect(sink.tree['bin/dash'] ?? sink.tree['usr/bin/dash']).toMatch(/^\* \x7fELF/);
  const text = readFileSync(context.lockFile, 'utf8');
  expect(text).not.toMatch(/:\/\//);
  expect(await lockSet(set, frozen())).toEqual(packages);
});

test('a damaged file in the cache is fetched again', { timeout: MINUTE_MS }, async () => {
  const [dash] = await lockSet(set, frozen());
  const file = debFile(context.cache, dash!);
  writeFileSync(file, Buffer.alloc(dash!.size));
  await fetchSet(set, frozen());
  expect(readFileSync(file).subarray(0, 7).toString()).toBe('!<arch>');
});

test('an unknown package is named', { timeout: MINUTE_MS }, async () => {
  const unknown = { packages: ['dash', 'no-such-package-here'], closure: true };
  const error = await lockSet(unknown, context).catch((reason) => reason);
  expect(error.diagnostic).toMatchObject({
    code: 'UNKNOWN_PACKAGE',
    detail: "needed for 'closure: dash no-such-package-here'",
    hint: 'apt-cache search -- no-such-package-here',
  });
  expect(error.message).toMatch(/has no-such-package-here$/);
  expect(await codeOf(lockSet({ packages: ['-oX=y'], closure: false }, context))).toBe('UNKNOWN_PACKAGE');
});

test(
  'a version that has left the mirror is an error, frozen or not',
  { tags: 'long', timeout: 3 * MINUTE_MS },
  async () => {
    const [dash] = await lockSet(set, frozen());
    const filename = 'pool/main/d/dash/dash_0.0-1_amd64.deb';
    const old = { ...dash!, version: '0.0-1', filename, sha256: 'b'.repeat(64) };
    updateLock(context.lockFile, (lock) => withSet(lock, set, [old]));
    for (const of of [frozen(), context]) {
      const error = await fetchSet(set, of).catch((reason) => reason);
      expect(error.diagnostic).toMatchObject({ code: 'PACKAGE_GONE', hint: expect.stringContaining('dsmb lock') });
      expect(error.message).toMatch(/dash=0\.0-1/);
    }
    expect((await renewLock([set], context)).after.sets).toEqual({ 'packages: dash': [`dash=${dash!.version}`] });
    expect(await fetchSet(set, context)).toEqual([dash]);
  },
);

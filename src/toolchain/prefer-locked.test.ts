/** Sets that are resolved after others, renewed together, and fetched from archives that keep old versions: by real apt. */
import fc from 'fast-check';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import { changedSets, fetchSet, lockSet, readLock, renewLock, versionChanges, type ToolchainContext } from './index.ts';
import { formatLock } from './lock.ts';
import { packageKey, type Package, type PackageSet } from './packages.ts';
import { TestRepository, type TestDeb } from './repository.test-helper.ts';

const MINUTE_MS = 60_000;
const first: PackageSet = { packages: ['lib'], closure: true };
const second: PackageSet = { packages: ['tool'], closure: true };
const needing = (lib: string, version = '1'): TestDeb => ({ name: 'tool', version, fields: `Depends: ${lib}\n` });

let repository: TestRepository;
let folder: string;
let context: ToolchainContext;
const warnings: string[] = [];

beforeEach(() => {
  repository = new TestRepository();
  folder = mkdtempSync(join(tmpdir(), 'dsmb-prefer-'));
  const warn = (message: string) => void warnings.push(message);
  context = { lockFile: join(folder, 'toolchain.lock.json'), cache: join(folder, 'apt'), frozen: false, warn };
  warnings.length = 0;
});
afterEach(() => {
  delete process.env['DSMB_MIRRORS'];
  repository[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Another day: the repository has other packages, and apt's lists are fetched again. */
async function later(debs: readonly TestDeb[]): Promise<Map<string, Package>> {
  const listed = await repository.list(debs);
  rmSync(join(context.cache, 'updated'), { force: true });
  return listed;
}

const keys = (packages: readonly Package[]): string[] => packages.map(packageKey);
const lockText = (): string => readFileSync(context.lockFile, 'utf8');

async function problem(work: Promise<unknown>): Promise<Diagnostic> {
  const error = await work.catch((reason: unknown) => reason);
  if (!(error instanceof Failure)) throw new Error('no Failure', { cause: error });
  return error.diagnostic;
}

describe('a new set', { timeout: 2 * MINUTE_MS }, () => {
  test('takes the version that the lock has, which no list has any more', async () => {
    await later([{ name: 'lib', version: '1' }]);
    await lockSet(first, context);
    await later([{ name: 'lib', version: '2' }, needing('lib')]);
    expect(keys(await fetchSet(second, context))).toEqual([
      ...['coreutils=1', 'dash=1', 'lib=1', 'libc-bin=1', 'tool=1'],
    ]);
    expect(warnings).toEqual([]);
  });

  test('takes the version that goes with it of what is made of the same source', async () => {
    await later([{ name: 'lib', version: '1' }]);
    await lockSet(first, context);
    const dev = (version: string): TestDeb => ({
      ...{ name: 'lib-dev', version },
      fields: `Source: lib\nDepends: lib (= ${version})\n`,
    });
    await later([{ name: 'lib', version: '2' }, dev('1'), dev('2')]);
    expect(keys(await lockSet({ packages: ['lib-dev'], closure: true }, context))).toContain('lib-dev=1');
    expect(warnings).toEqual([]);
  });

  test('takes newer versions, with a warning, where it has to', async () => {
    await later([{ name: 'lib', version: '1' }]);
    await lockSet(first, context);
    await later([{ name: 'lib', version: '2' }, needing('lib (>= 2)')]);
    expect(keys(await lockSet(second, context))).toContain('lib=2');
    expect(warnings.join()).toMatch(/'closure: tool' is not available with the versions in the lock .*`dsmb lock`/);
    expect(keys(await lockSet(first, context))).toContain('lib=1');
  });

  test('is resolved beside a lock of version 1 by the files that are there', async () => {
    await later([{ name: 'lib', version: '1', fields: 'Depends: below\n' }, { name: 'below' }]);
    await fetchSet(first, context);
    writeFileSync(context.lockFile, withoutControl(lockText()));
    await later([{ name: 'lib', version: '2' }, needing('lib')]);
    expect(keys(await lockSet(second, context))).toEqual(expect.arrayContaining(['lib=1', 'below=1']));
    const lock = readLock(context.lockFile);
    expect([lock.version, lock.packages['lib=1']?.control?.Depends]).toEqual([2, 'below']);
  });

  test('may name what one package alone provides', async () => {
    await later([{ name: 'libt64', fields: 'Provides: lib (= 1)\n' }, needing('lib')]);
    expect(keys(await lockSet({ packages: ['lib'], closure: false }, context))).toEqual(['libt64=1']);
    expect(keys(await lockSet(first, context))).toContain('libt64=1');
    await later(['x', 'y'].map((name) => ({ name, fields: 'Provides: many\n' })));
    const said = await problem(lockSet({ packages: ['many'], closure: false }, context));
    expect([said.code, said.detail]).toEqual(['UNKNOWN_PACKAGE', expect.stringContaining('provided by x, y')]);
  });
});

/** As older versions of dsmb have written it. */
function withoutControl(text: string): string {
  const lock = JSON.parse(text) as { packages: Record<string, Package> };
  const packages = Object.entries(lock.packages).map(([key, entry]) => [key, { ...entry, control: undefined }]);
  return JSON.stringify({ ...lock, version: 1, packages: Object.fromEntries(packages) });
}

test(
  'whatever the lists become, sets that are added one after the other have one version of a package',
  async () => {
    const names = ['p1', 'p2', 'p3', 'p4'];
    const version = fc.constantFrom('1', '2', '3');
    const lists = fc.array(fc.tuple(...names.map(() => version)), { minLength: 2, maxLength: 4 });
    const sets = fc.array(fc.subarray(names, { minLength: 1 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lists, sets, async (days, asked) => {
        rmSync(context.lockFile, { force: true });
        const resolved = new Map<string, string>();
        for (const [index, packages] of asked.entries()) {
          const versions = days[index % days.length]!;
          // Each depends on the next one.
          await later(
            names.map((name, at) => ({
              name,
              version: versions[at]!,
              ...(at + 1 < names.length ? { fields: `Depends: ${names[at + 1]}\n` } : {}),
            })),
          );
          for (const each of await lockSet({ packages, closure: true }, context))
            expect(resolved.get(each.name) ?? each.version).toBe(resolved.set(each.name, each.version).get(each.name));
        }
      }),
      { numRuns: examples(12) },
    );
  },
  5 * MINUTE_MS,
);

describe('a locked version that has left the pool', { timeout: 2 * MINUTE_MS }, () => {
  const gone = async (): Promise<void> => {
    const listed = await later([{ name: 'lib', version: '1' }]);
    await lockSet(first, context);
    cpSync(repository.archive, join(folder, 'keeping'), { recursive: true });
    rmSync(repository.poolFile(listed.get('lib')!));
    await later([{ name: 'lib', version: '2' }, needing('lib')]);
  };

  test('is an error that names the one command', async () => {
    await gone();
    const before = lockText();
    const said = await problem(fetchSet(first, context));
    expect([said.code, said.message]).toEqual(['PACKAGE_GONE', expect.stringContaining('lib=1')]);
    expect(said.hint).toContain('dsmb lock');
    expect(lockText()).toBe(before);
  });

  test('is fetched from an archive that keeps it', async () => {
    await gone();
    process.env['DSMB_MIRRORS'] = ` file:${join(folder, 'keeping')}\n`;
    expect(keys(await fetchSet(first, context))).toContain('lib=1');
    process.env['DSMB_MIRRORS'] = 'keeping';
    expect((await problem(fetchSet(second, { ...context, cache: join(folder, 'other') }))).code).toBe('BAD_MIRROR');
  });

  test('is renewed together with all others', async () => {
    await gone();
    await lockSet(second, context);
    const { before, after, kept } = await renewLock([first, second], context);
    expect(kept).toEqual([]);
    expect(versionChanges(before, after)).toEqual([{ name: 'lib', was: ['1'], is: ['2'] }]);
    expect([...changedSets(before, after)]).toEqual(['closure: lib', 'closure: tool']);
    expect(lockText()).toBe(formatLock(after));
    for (const set of [first, second]) expect(keys(await fetchSet(set, context))).toContain('lib=2');
  });
});

describe('renewing', { timeout: 2 * MINUTE_MS }, () => {
  const kernel: PackageSet = { packages: ['kernel-1'], closure: true };
  const locked = async (): Promise<Map<string, Package>> => {
    const listed = await later([
      { name: 'kernel-1', fields: 'Depends: headers-1, lib\n' },
      { name: 'headers-1' },
      { name: 'lib', version: '1' },
    ]);
    await lockSet(first, context);
    await lockSet(kernel, context);
    return listed;
  };

  test('keeps what no list knows by name, and takes the present version of all else', async () => {
    await locked();
    await later([{ name: 'lib', version: '2' }]);
    const { kept, before, after } = await renewLock([first, kernel], context);
    expect(keys(kept)).toEqual(['headers-1=1', 'kernel-1=1']);
    expect(versionChanges(before, after)).toEqual([{ name: 'lib', was: ['1'], is: ['2'] }]);
    expect(after.sets['closure: kernel-1']).toEqual(expect.arrayContaining(['headers-1=1', 'kernel-1=1', 'lib=2']));
    expect(after.packages['kernel-1=1']?.control).toEqual({ Depends: 'headers-1, lib' });
  });

  test('goes back to older versions on a machine that has no newer ones', async () => {
    await later([{ name: 'lib', version: '2' }]);
    await lockSet(first, context);
    await later([{ name: 'lib', version: '1' }]);
    expect((await renewLock([first], context)).after.sets['closure: lib']).toContain('lib=1');
  });

  test('leaves the lock as it was when a package is listed nowhere and cannot be had', async () => {
    const listed = await locked();
    const before = lockText();
    rmSync(repository.poolFile(listed.get('headers-1')!));
    await later([{ name: 'lib', version: '2' }]);
    expect((await problem(renewLock([first, kernel], context))).code).toMatch(/APT_FAILED|UNKNOWN_PACKAGE/);
    expect(lockText()).toBe(before);
  });

  test('drops sets that are not asked for any more', async () => {
    await locked();
    const { after } = await renewLock([first], context);
    expect(Object.keys(after.sets)).toEqual(['closure: lib']);
    expect(Object.keys(after.packages)).not.toContain('kernel-1=1');
  });
});

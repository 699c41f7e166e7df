import fc from 'fast-check';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  changedSets,
  formatLock,
  lockedPackages,
  lockOf,
  parseLock,
  readLock,
  updateLock,
  versionChanges,
  withSet,
} from './lock.ts';
import { setKey, type Package, type PackageSet } from './packages.ts';

const EMPTY = { version: 2, sets: {}, packages: {} } as const;
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const anyPackage: fc.Arbitrary<Package> = fc.record({
  name: fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/),
  version: fc.stringMatching(/^[0-9][0-9a-z.+~:-]{0,8}$/),
  architecture: fc.constantFrom('amd64', 'all'),
  filename: fc.stringMatching(/^pool\/[a-z]\/[a-z0-9+~_-]{1,8}\.deb$/),
  size: fc.integer({ min: 1, max: 1e9 }),
  sha256: hex,
  control: fc.record(
    { Depends: fc.stringMatching(/^[ -~]{1,9}$/), Source: fc.stringMatching(/^[a-z]{2,5}$/) },
    { requiredKeys: [] },
  ),
});
const packages = fc.uniqueArray(anyPackage, { selector: ({ name }) => name, minLength: 1, maxLength: 6 });

test('a lock that was written reads the same, whatever the order of the sets', () => {
  fc.assert(
    fc.property(packages, packages, (a, b) => {
      const one: PackageSet = { packages: ['one'], closure: true };
      const two: PackageSet = { packages: ['two'], closure: false };
      const shared = new Set(a.map(({ name }) => name));
      const others = b.filter(({ name }) => !shared.has(name));
      const text = formatLock(withSet(withSet(EMPTY, one, a), two, others));
      expect(formatLock(withSet(withSet(EMPTY, two, others), one, a))).toBe(text);
      const lock = parseLock(text, 'lock');
      const byName = (x: Package, y: Package) => (x.name < y.name ? -1 : 1);
      expect([...lockedPackages(lock, one)!].sort(byName)).toEqual(a.toSorted(byName));
      expect(formatLock(lock)).toBe(text);
    }),
  );
});

const dash: Package = {
  name: 'dash',
  version: '0.5.12-2',
  architecture: 'amd64',
  filename: 'pool/main/d/dash/dash_0.5.12-2_amd64.deb',
  size: 91848,
  sha256: 'a'.repeat(64),
  control: { Depends: 'debianutils (>= 5)', Essential: 'yes' },
};

test('a set is the same however its packages are ordered', () => {
  expect(setKey({ packages: ['mtools', 'dosfstools'], closure: true })).toBe('closure: dosfstools mtools');
  expect(setKey({ packages: ['dosfstools', 'mtools'], closure: true })).toBe('closure: dosfstools mtools');
  expect(setKey({ packages: ['busybox'], closure: false })).toBe('packages: busybox');
});

test('what no set names any more is dropped', () => {
  const one: PackageSet = { packages: ['one'], closure: true };
  const lock = withSet(EMPTY, one, [dash]);
  expect(Object.keys(withSet(lock, one, [{ ...dash, version: '2' }]).packages)).toEqual(['dash=2']);
  expect(lockOf([])).toEqual(EMPTY);
  expect(lockedPackages(lock, { packages: ['__proto__'], closure: true })).toBeUndefined();
});

test.each([
  ['no JSON', '{'],
  ['another version', '{"version":3}'],
  ['a field that resolution does not need', lockText({ control: { Description: 'x' } as object })],
  ['a field of several lines', lockText({ control: { Depends: 'x\nPackage: y' } })],
  ['an architecture of several lines', lockText({ architecture: 'all\nDepends: y' })],
  ['a path that climbs', lockText({ filename: 'pool/../../etc/passwd' })],
  ['a host', lockText({ filename: 'http://host/x.deb' })],
  ['a broken hash', lockText({ sha256: '../../x' })],
  ['a name like an option', lockText({}, '-oDir=/=1')],
  ['a missing package', '{"version":1,"sets":{"closure: x":["x=1"]},"packages":{}}'],
])('a lock with %s is refused', (_what, text) => {
  expect(() => parseLock(text, 'toolchain.lock.json')).toThrow(/toolchain\.lock\.json/);
});

test('a lock of version 1 is read: its packages lack what resolution needs', () => {
  const { name, version, ...fields } = { ...dash, control: undefined };
  const text = JSON.stringify({
    version: 1,
    sets: { 'packages: dash': ['dash=0.5.12-2'] },
    packages: { [`${name}=${version}`]: fields },
  });
  expect(lockedPackages(parseLock(text, 'lock'), { packages: ['dash'], closure: false })).toEqual([
    { name, version, ...fields },
  ]);
});

test('what changed between two locks', () => {
  const [one, two]: PackageSet[] = [
    { packages: ['one'], closure: true },
    { packages: ['two'], closure: true },
  ];
  const before = withSet(withSet(EMPTY, one!, [dash]), two!, [{ ...dash, name: 'bash' }]);
  const after = withSet(before, one!, [{ ...dash, version: '2', sha256: 'b'.repeat(64) }]);
  expect([...changedSets(before, after)]).toEqual(['closure: one']);
  expect(versionChanges(before, after)).toEqual([{ name: 'dash', was: ['0.5.12-2'], is: ['2'] }]);
  expect([[...changedSets(after, after)], versionChanges(after, after)]).toEqual([[], []]);
  expect([...changedSets(EMPTY, before)]).toEqual(['closure: one', 'closure: two']);
});

function lockText(change: Partial<Package>, key = 'dash=0.5.12-2'): string {
  return JSON.stringify({ version: 1, sets: {}, packages: { [key]: { ...dash, ...change } } });
}

test('an update replaces the file and leaves nothing beside it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-lock-'));
  try {
    const file = join(folder, 'toolchain.lock.json');
    expect(readLock(file)).toEqual(EMPTY);
    updateLock(file, (lock) => withSet(lock, { packages: ['dash'], closure: false }, [dash]));
    expect(readdirSync(folder)).toEqual(['toolchain.lock.json']);
    expect(readFileSync(file, 'utf8')).toBe(`{
  "version": 2,
  "sets": {
    "packages: dash": [
      "dash=0.5.12-2"
    ]
  },
  "packages": {
    "dash=0.5.12-2": {
      "architecture": "amd64",
      "filename": "pool/main/d/dash/dash_0.5.12-2_amd64.deb",
      "size": 91848,
      "sha256": "${'a'.repeat(64)}",
      "control": {
        "Essential": "yes",
        "Depends": "debianutils (>= 5)"
      }
    }
  }
}
`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Sets of packages in one action: those that do not go together, and those that have the same packages. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Store } from '../../../cache/store.ts';
import { ArtifactReference, type ActionNode } from '../../analysis/action.ts';
import { Failure } from '../../model/diagnostic.ts';
import type { PackageStage } from '../../model/event.ts';
import { Toolchain } from '../../model/kinds.ts';
import type { Producers } from '../../plan/content.ts';
import { updateLock, withSet } from '../../toolchain/lock.ts';
import { testPackage } from '../../toolchain/packages.test-helper.ts';
import { debFile, type Package, type PackageSet } from '../../toolchain/packages.ts';
import { Machine } from '../machine.ts';
import { PackageTrees } from './package-trees.ts';
import { Toolroots } from './toolroots.ts';

interface Told extends PackageStage {
  readonly set: string;
}

let store: Store;
let lockFile: string;
let trees: PackageTrees;
let toolroots: Toolroots;
const told: Told[] = [];

beforeEach(() => {
  store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-conflict-')));
  lockFile = join(store.root, 'toolchain.lock.json');
  const context = { lockFile, frozen: true, warn() {}, signal: new AbortController().signal };
  told.length = 0;
  trees = new PackageTrees(store, context, (set, now) => void told.push({ set, ...now }));
  toolroots = new Toolroots(store, trees);
});
afterEach(() => rmSync(store.root, { recursive: true, force: true }));

const deb = (name: string, version: string, path: string, text: string): Promise<Package> =>
  testPackage(store.downloads, name, [{ name: `./${path}`, text }], '', version);

/** A set that is in the lock. */
function locked(name: string, ...packages: Package[]): PackageSet {
  const set: PackageSet = { packages: [name], closure: true };
  updateLock(lockFile, (lock) => withSet(lock, set, packages));
  return set;
}

function actionWith(...sets: readonly PackageSet[]): ActionNode {
  const toolchains = sets.map((set) => new ArtifactReference(Toolchain, { type: 'debian', ...set }));
  return {
    label: '//x',
    mnemonic: 'Run',
    work: { type: 'run', argv: [], env: {} },
    toolchains,
  } as unknown as ActionNode;
}

async function problem(action: ActionNode): Promise<string> {
  const producers = { debian: (...set) => toolroots.packages(...set) } as Pick<Producers, 'debian'>;
  const error = await toolroots.of(action, producers as Producers).catch((reason: unknown) => reason);
  if (!(error instanceof Failure)) throw new Error('no Failure', { cause: error });
  const { code, message, detail, hint } = error.diagnostic;
  return [code, message, detail, hint].join('\n');
}

test('two versions of a package are named with their sets, and the command that renews all', async () => {
  const file = 'lib/x86_64-linux-gnu/libz.so.1';
  const old = locked('old', await deb('other', '1', 'etc/other', 'o'), await deb('libz', '1:1.0-1', file, 'one'));
  const now = locked('now', await deb('libz', '1:1.0-2+deb12u1', file, 'two'));
  expect(await problem(actionWith(old, now))).toBe(
    `TREE_CONFLICT
two toolchains of //x (Run) have different files at /usr/lib/x86_64-linux-gnu/libz.so.1
libz=1:1.0-1 in 'closure: old'
libz=1:1.0-2+deb12u1 in 'closure: now'
run \`dsmb lock\`, which gives all toolchains versions that fit together`,
  );
});

test('without their .deb files, the packages that may have the file are named', async () => {
  const [one, two] = [
    await deb('libz', '1', 'usr/lib/libz.so', 'one'),
    await deb('libz', '2', 'usr/lib/libz.so', 'two'),
  ];
  const action = actionWith(locked('old', one), locked('now', two));
  await problem(action);
  for (const each of [one, two]) rmSync(debFile(store.downloads, each));
  expect(await problem(action)).toContain(`one of libz=1 in 'closure: old'\none of libz=2 in 'closure: now'`);
});

test('two packages that do not go together are named, which no other version mends', async () => {
  const one = locked('one', await deb('mawk', '1', 'usr/bin/awk', 'm'));
  const two = locked('two', await deb('gawk', '1', 'usr/bin/awk', 'g'));
  const said = await problem(actionWith(one, two));
  expect(said).toContain("mawk=1 in 'closure: one'\ngawk=1 in 'closure: two'\nuse one toolchain");
});

test('sets with the same packages are unpacked once, and none is said to wait', async () => {
  const same = await deb('same', '1', 'usr/bin/same', 's');
  const sets = [locked('one', same), locked('two', same)];
  const [one, two] = await Promise.all(sets.map(({ packages, closure }) => trees.of(packages, closure)));
  expect(one).toEqual(two);
  expect(told.map(({ stage }) => stage).filter((stage) => stage.startsWith('waiting'))).toEqual([]);
  expect(told.filter(({ stage, percent }) => stage === 'unpacking' && percent === 0)).toHaveLength(1);
  for (const { set } of told) expect(told.findLast((each) => each.set === set)?.stage).toBe('ready');
});

test('one that waits for another build is done when that is', async () => {
  const set = locked('one', await deb('one', '1', 'usr/bin/one', 'o'));
  const other = new PackageTrees(
    store,
    { lockFile, frozen: true, warn() {}, signal: new AbortController().signal },
    () => {},
  );
  await Promise.all([other.of(set.packages, true), trees.of(set.packages, true)]);
  expect(told.map(({ stage, percent }) => [stage, percent])).toEqual([
    ['waiting for another build that unpacks it', undefined],
    ['ready', undefined],
  ]);
});

test('a bubblewrap that does not start is no lack of namespaces', async () => {
  locked('bubblewrap', await deb('bubblewrap', '1', 'usr/bin/bwrap', 'no program'));
  using machine = new Machine(store, toolroots);
  const exit = { code: null, signal: null, timedOut: false, error: 'spawn ENOENT' };
  const error = await machine.requireNamespaces(exit as never, '').catch((reason: unknown) => reason);
  expect((error as Failure).diagnostic).toMatchObject({
    code: 'SANDBOX_BROKEN',
    detail: expect.stringMatching(/usr\/lib64\/ld-linux-x86-64\.so\.2 ENOENT/),
  });
});

/** A store in which what the rig's own rules need is unpacked: made once, copied into the stores of tests. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TestProject } from '../../src/testing/project.ts';
import { TestStore } from '../../src/testing/store.ts';
import { CHECKOUT } from './checkout.ts';
import { countingRules } from './counting.ts';

const CACHE = join(CHECKOUT, 'node_modules/.cache/dsmb-test');
/** The store of the tests' own tools. */
export const TOOLS = join(CACHE, 'store');
const FOLDER = join(CACHE, 'prepared');
/** What says which packages and which Node these are, and how they lie in a store. */
const MADE_OF = '{dsmb.bin,test/rig/*.ts,test/rig/fixture/*,{cache,src/{execute,plan,toolchain}}/**/*.ts}';
/** What of a store is about packages, Node and trees of them alone. All else is of what was built. */
const PACKAGES = ['cas.v1', 'exec.v1', 'trees.v1', 'packages.v1', 'package-lists.v1'];
const PREPARED = new Set([...PACKAGES, 'sources.v2.json']);
/** Those of this size and more are of Node. */
const LARGE_BYTES = 32 * 1024 ** 2;

/** What has prepared it tells those that it starts where: sources may be edited while tests run. */
const VARIABLE = 'DSMB_TEST_PREPARED';

/** Makes it where it is not there yet, and removes those of other states of the checkout. */
export async function prepareStore(): Promise<void> {
  const prepared = preparedStore();
  mkdirSync(FOLDER, { recursive: true });
  if (!existsSync(prepared)) {
    const making = mkdtempSync(join(FOLDER, 'making-'));
    await fill(making);
    // Another run may have been faster.
    if (existsSync(prepared)) rmSync(making, { recursive: true });
    else renameSync(making, prepared);
  }
  for (const name of readdirSync(FOLDER))
    if (name !== basename(prepared) && !name.startsWith('making-')) rmSync(join(FOLDER, name), { recursive: true });
}

/**
 * Copies it into an empty folder. But for Node, which is large, no file is shared: a test may damage what is its own. With
 * `apart` it may damage Node as well.
 */
export function copyPreparedStore(to: string, apart: boolean): void {
  const prepared = preparedStore();
  copy(join(prepared, 'small'), to, '--reflink=auto');
  if (apart) copy(join(prepared, 'large'), to, '--reflink=auto');
  else link(join(prepared, 'large'), to);
}

/** Adds the packages of the tests' own tools, with which it shares the files: for a test that damages none. */
export function addToolPackages(to: string): void {
  for (const name of PACKAGES.filter((each) => existsSync(join(TOOLS, each)))) link(join(TOOLS, name), join(to, name));
}

/** Copies where the folders are on different disks. */
function link(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  copy(from, to, statSync(from).dev === statSync(to).dev ? '--link' : '--reflink=auto');
}

function copy(from: string, to: string, how: string): void {
  execFileSync('cp', ['--archive', '--remove-destination', how, `${from}/.`, to]);
}

/** Has the name of what it is made of. */
function preparedStore(): string {
  return (process.env[VARIABLE] ??= join(FOLDER, digestOf(globSync(MADE_OF, { cwd: CHECKOUT }).toSorted())));
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(join(CHECKOUT, path)));
  return hash.digest('hex').slice(0, 16);
}

/** By a build with an action of each sort that the rules have. */
async function fill(folder: string): Promise<void> {
  using store = new TestStore();
  using project = new TestProject({ store, files: { ...countingRules(), 'build.dsm.ts': BUILD_FILE } });
  const { exitCode, stderr } = await project.run(['build', '//all']);
  if (exitCode !== 0) throw new Error(`the prepared store could not be built:\n${stderr}`);
  const [small, large] = [join(folder, 'small'), join(folder, 'large')];
  mkdirSync(small);
  copy(store.folder, small, '--reflink=auto');
  for (const name of readdirSync(small)) if (!PREPARED.has(name)) rmSync(join(small, name), { recursive: true });
  for (const path of globSync('**', { cwd: small }).filter(
    (each) => lstatSync(join(small, each)).size >= LARGE_BYTES,
  )) {
    mkdirSync(dirname(join(large, path)), { recursive: true });
    renameSync(join(small, path), join(large, path));
  }
}

const BUILD_FILE = `
import { combine, group, shell } from './rules.ts';
export const all = group({ of: [combine({ name: 'all' }), shell({ script: ': > /out/file' })] });
`;

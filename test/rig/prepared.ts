/** A store in which the packages of the rig's own rules are unpacked: made once, copied into each store of a test. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Store } from '../../cache/store.ts';
import { PackageTrees } from '../../src/execute/package-trees.ts';
import { readLock } from '../../src/toolchain/index.ts';
import { CHECKOUT } from './project.ts';

const LOCK = 'test/rig/fixture/toolchain.lock.json';
const FOLDER = join(CHECKOUT, 'node_modules/.cache/dsmb-test/prepared');
/** What says how packages lie in a store. */
const MAKERS = '{cache,src/toolchain}/**/*.ts';

let known: string | undefined;

/** Makes it where it is not there yet, and removes those of other states of the checkout. */
export async function prepareStore(): Promise<void> {
  const prepared = preparedStore();
  mkdirSync(FOLDER, { recursive: true });
  if (!existsSync(prepared)) {
    const making = mkdtempSync(join(FOLDER, 'making-'));
    await unpackInto(new Store(making));
    // Another run may have been faster.
    if (existsSync(prepared)) rmSync(making, { recursive: true });
    else renameSync(making, prepared);
  }
  for (const name of readdirSync(FOLDER))
    if (name !== basename(prepared) && !name.startsWith('making-')) rmSync(join(FOLDER, name), { recursive: true });
}

/** Copies it into an empty folder. No file is shared, so that a test may damage its own. */
export function copyPreparedStore(to: string): void {
  execFileSync('cp', ['--archive', '--reflink=auto', join(preparedStore(), '.'), to]);
}

/** Has the name of what it is made of. */
function preparedStore(): string {
  return (known ??= join(FOLDER, digestOf([LOCK, ...globSync(MAKERS, { cwd: CHECKOUT }).toSorted()])));
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(join(CHECKOUT, path)));
  return hash.digest('hex').slice(0, 16);
}

async function unpackInto(store: Store): Promise<void> {
  const lockFile = join(CHECKOUT, LOCK);
  const trees = new PackageTrees(store, { lockFile, frozen: true, warn: console.warn }, () => {});
  for (const set of Object.keys(readLock(lockFile).sets)) await trees.of(set.replace('closure: ', '').split(' '), true);
}

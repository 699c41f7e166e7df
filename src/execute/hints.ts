/** What spares a step work that was done already: kept results, known digests, assembled disks. Never in a key. */
import {
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { diskToRaw } from '../disk/index.ts';
import { ASSEMBLED_FOLDER, DIGESTS_FOLDER } from '../step/hints.ts';
import type { PlannedAction } from '../plan/key.ts';
import type { Sandbox } from './sandboxes.ts';

/** Assembled disks that are kept, the most recently used ones. */
const ASSEMBLED_DISKS = 4;

type Folder = Node & { readonly type: 'directory' };

/** Lays the hints that the action asked for out beside its step. */
export async function offerHints(store: Store, action: PlannedAction, sandbox: Sandbox): Promise<void> {
  const { work } = action.node;
  if (work.type !== 'step') return;
  for (const name of work.hints.digestsOf ?? []) await offerDigests(store, action, sandbox, name);
  for (const name of work.hints.assembled ?? []) offerAssembled(store, action, sandbox, name);
}

/** The folder of a step's kept results. They belong to one version of the step: another must not see them. */
export function memoFolder(
  store: Store,
  { node: { work }, files }: Pick<PlannedAction, 'node' | 'files'>,
): string | undefined {
  const bundle = files.get('step.mjs');
  if (work.type !== 'step' || !work.hints.memo || bundle?.type !== 'file') return undefined;
  return store.folder('memo.v1', bundle.digest.hash);
}

async function offerDigests(store: Store, action: PlannedAction, sandbox: Sandbox, name: string): Promise<void> {
  const input = action.inputs.get(name);
  if (!input) return;
  const folder = join(sandbox.dsmb, DIGESTS_FOLDER);
  mkdirSync(folder, { recursive: true });
  const list = createWriteStream(join(folder, name));
  for (const [path, node] of store.trees.walk(input))
    if (node.type === 'file' && !list.write(`${node.digest.hash} ${path}\n`)) await once(list, 'drain');
  list.end();
  await once(list, 'close');
}

function offerAssembled(store: Store, action: PlannedAction, sandbox: Sandbox, name: string): void {
  const input = action.inputs.get(name);
  if (input?.type !== 'directory') return;
  const folder = join(sandbox.dsmb, ASSEMBLED_FOLDER);
  mkdirSync(folder, { recursive: true });
  linkSync(assembledDisk(store, input), join(folder, name));
}

/** One raw file per disk digest, shared by all that boot it; nobody writes to it, machines write to overlays. */
function assembledDisk(store: Store, disk: Folder): string {
  const folder = store.folder('disks.v1');
  const path = join(folder, `${disk.digest.hash}.raw`);
  if (!existsSync(path)) {
    const temporary = `${store.cas.incoming()}.raw`;
    diskToRaw(store.folders.folder(disk), temporary);
    renameSync(temporary, path);
  }
  const now = new Date();
  utimesSync(path, now, now);
  dropOldest(folder);
  return path;
}

function dropOldest(folder: string): void {
  const byAge = readdirSync(folder)
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of byAge.slice(ASSEMBLED_DISKS)) rmSync(path, { force: true });
}

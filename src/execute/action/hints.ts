/** What spares a step work that was done already: kept results, known digests, assembled disks. Never in a key. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { writeAll } from '../../../cache/files.ts';
import type { Store } from '../../../cache/store.ts';
import { ASSEMBLED_FOLDER, DIGESTS_FOLDER } from '../../step/hints.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { linkAssembled } from './assembled-disks.ts';
import type { Sandbox } from '../sandbox/sandboxes.ts';

/** Lays the hints that the action asked for out beside its step. */
export async function offerHints(
  store: Store,
  action: PlannedAction,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<void> {
  const { work } = action.node;
  if (work.type !== 'step') return;
  for (const name of work.hints.digestsOf ?? []) offerDigests(store, action, sandbox, name);
  for (const name of work.hints.assembled ?? []) await offerAssembled(store, action, sandbox, { name, signal });
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

/** Of a list, in characters. */
const PART_LENGTH = 64 * 1024;

function offerDigests(store: Store, action: PlannedAction, sandbox: Sandbox, name: string): void {
  const input = action.inputs.get(name);
  if (!input) return;
  const folder = join(sandbox.dsmb, DIGESTS_FOLDER);
  mkdirSync(folder, { recursive: true });
  const list = openSync(join(folder, name), 'wx');
  try {
    let lines = '';
    for (const [path, node] of store.trees.walk(input)) {
      if (node.type === 'file') lines += `${node.digest.hash} ${path}\n`;
      if (lines.length < PART_LENGTH) continue;
      writeAll(list, Buffer.from(lines));
      lines = '';
    }
    writeAll(list, Buffer.from(lines));
  } finally {
    closeSync(list);
  }
}

async function offerAssembled(
  store: Store,
  action: PlannedAction,
  sandbox: Sandbox,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<void> {
  const input = action.inputs.get(name);
  if (input?.type !== 'directory') return;
  const folder = join(sandbox.dsmb, ASSEMBLED_FOLDER);
  mkdirSync(folder, { recursive: true });
  await linkAssembled(store, input, join(folder, name), signal);
}

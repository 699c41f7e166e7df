/** Takes what an action wrote into the store: all that it declares, and nothing else. */
import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { capture, type CaptureRequest } from '../../../cache/capture.ts';
import type { ResultData } from '../../../cache/reapi/messages.ts';
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { fail } from '../../model/diagnostic.ts';
import type { Output } from '../../model/rule.ts';
import type { PlannedAction } from '../../plan/key.ts';
import type { Sandbox } from '../sandbox/sandboxes.ts';

const MIN_FREE_BYTES = 1024 * 1024;
const MIN_FREE_INODES = 16;

/** What an action leaves behind: its outputs by path, and its log. */
export type Outputs = Pick<ResultData, 'outputs' | 'log'>;

/** Where the action saw its inputs and outputs. */
type SeenAt = Pick<Sandbox, 'in' | 'out'>;

export const MOUNTED: SeenAt = { in: '/in', out: '/out' };

/** Checks and captures the outputs of an action that has ended well. */
export async function publish(
  store: Store,
  action: PlannedAction,
  sandbox: Sandbox,
  { seen, known, copy, turns }: { readonly seen: SeenAt } & Pick<CaptureRequest, 'known' | 'copy' | 'turns'>,
): Promise<Outputs> {
  const declared = Object.values(action.node.outputs);
  const who = `${action.node.label} (${action.node.mnemonic})`;
  requireRoom(who, sandbox.out);
  requireNames(who, declared, readdirSync(sandbox.out));
  const { nodes } = await capture(
    store.cas,
    store.trees,
    declared.map(({ name }) => name),
    {
      folder: sandbox.out,
      mountedAt: seen.out,
      inputsAt: seen.in,
      inputRoot: action.inputRoot,
      turns,
      ...(known ? { known } : {}),
      ...(copy ? { copy } : {}),
    },
  );
  for (const { name, kind } of declared) requireShape(who, name, kind.shape, nodes.get(name)!);
  const log = existsSync(sandbox.log) ? store.cas.putCopy(sandbox.log) : undefined;
  return { outputs: new Map(declared.map(({ name }) => [`out/${name}`, nodes.get(name)!])), log };
}

/**
 * A program that does not look whether its writes succeed ends well on a full disk, with half an output; one that looks
 * may have had no room to say so in its log.
 */
export function requireRoom(who: string, folder: string): void {
  const { bavail, bsize, files, ffree } = statfsSync(folder);
  if (bavail * bsize >= MIN_FREE_BYTES && (files === 0 || ffree >= MIN_FREE_INODES)) return;
  fail('DISK_FULL', `the disk of the store is full after ${who}: what it wrote may be incomplete`, {
    hint: 'free some space (dsmb gc --max-size 10GiB), then run the same command again: finished actions are kept',
  });
}

function requireNames(who: string, declared: readonly Output[], there: readonly string[]): void {
  const missing = declared.filter(({ name }) => !there.includes(name)).map(({ name }) => name);
  const alien = there.filter((name) => !declared.some((output) => output.name === name));
  if (missing.length > 0)
    fail('OUTPUT_MISSING', `${who} succeeded but did not write ${missing.join(', ')}`, {
      detail: `it wrote: ${there.join(', ') || 'nothing'}`,
      hint: `it must write /out/${missing[0]}`,
    });
  if (alien.length > 0)
    fail('OUTPUT_UNDECLARED', `${who} wrote ${alien.join(', ')}, which it does not declare`, {
      hint: 'declare it in `outputs`, or write it to /tmp',
    });
}

/** A symlink into an input has become the input's node by now; any other cannot stand for an output. */
function requireShape(who: string, name: string, shape: 'file' | 'folder', node: Node): void {
  if (node.type === (shape === 'file' ? 'file' : 'directory')) return;
  const is = node.type === 'directory' ? 'folder' : node.type;
  fail('OUTPUT_SHAPE', `${who}: output ${name} is a ${is} and should be a ${shape}`);
}

/** `dsmb keep`: names outputs that garbage collection must leave alone. */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Store, storeRoot } from '../../cache/store.ts';
import type { Root, StoredRoot } from '../../cache/roots.ts';
import { findWorkspace } from '../load/workspace.ts';
import { fail } from '../model/diagnostic.ts';
import { parseLabel, type Label } from '../model/label.ts';
import { alignColumns } from '../report/format.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';

export const keep: Command = {
  name: 'keep',
  summary: 'keep what a target was last built to, whatever is built later',
  usage: '//target… | --list | --remove //target…',
  examples: [
    ['dsmb keep //cloudTarball', 'its last output, and what it was made of, stay in the store'],
    ['dsmb keep --list', 'what is kept, and what stays because it lies in dsmb-out'],
    ['dsmb keep --remove //cloudTarball', 'give it back to garbage collection'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    list: { type: 'boolean', help: 'show what is kept' },
    remove: { type: 'boolean', help: 'keep the named targets no more' },
    json: { type: 'boolean', help: 'with --list: as JSON' },
  },
  run: async (call) => runKeep(call),
};

function runKeep(call: Call): number {
  const { roots } = new Store(storeRoot());
  if (call.flag('list')) return list(call, roots.kept(), roots.delivered());
  if (call.operands.length === 0) fail('USAGE', 'dsmb keep needs a target', { hint: 'dsmb keep //cloudTarball' });
  const workspace = findWorkspace(resolve(call.text('workspace') ?? process.cwd()));
  const labels = call.operands.map(parseLabel);
  if (call.flag('remove')) for (const label of labels) remove(label, of(roots.kept(), workspace, label));
  else for (const label of labels) roots.keep(roots.last(workspace, label) ?? notBuilt(label), Date.now());
  return EXIT.ok;
}

function of(kept: readonly StoredRoot[], workspace: string, label: Label): StoredRoot[] {
  return kept.filter((root) => root.workspace === workspace && root.label === label);
}

function remove(label: Label, kept: readonly StoredRoot[]): void {
  if (kept.length === 0) fail('NOT_KEPT', `${label} is not kept`, { hint: 'dsmb keep --list' });
  for (const { file } of kept) rmSync(file, { force: true });
}

function notBuilt(label: Label): never {
  return fail('NOT_BUILT', `${label} has not been built in this workspace`, { hint: `dsmb build ${label}` });
}

function list(call: Call, kept: readonly StoredRoot[], delivered: readonly StoredRoot[]): number {
  const rows = [...kept.map((root) => entry(root, 'kept')), ...delivered.map((root) => entry(root, 'delivered'))];
  if (call.flag('json')) console.log(JSON.stringify(rows, undefined, 2));
  else if (rows.length === 0) console.log('nothing is kept: dsmb keep //target');
  else
    for (const line of alignColumns(
      rows.map(({ why, label, at, workspace, output }) => [why, label, at, output.slice(0, 12), workspace]),
    ))
      console.log(line);
  return EXIT.ok;
}

function entry({ label, workspace, output, at }: Root, why: string) {
  return { why, label, at: new Date(at).toISOString().slice(0, 16).replace('T', ' '), output, workspace };
}

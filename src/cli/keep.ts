/** `dsmb keep`: names outputs that garbage collection must leave alone. */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Store, storeRoot } from '../../cache/store.ts';
import type { Root, Roots, StoredRoot } from '../../cache/roots.ts';
import { findWorkspace } from '../load/workspace.ts';
import { fail } from '../model/diagnostic.ts';
import { parseLabel, type Label } from '../model/label.ts';
import { alignColumns } from '../report/format.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { printJson, printLine } from '../report/print.ts';

export const keep: Command = {
  name: 'keep',
  summary: 'keep the last output of a target, whatever is built later',
  usage: '//target… | --list | --remove //target…',
  examples: [
    ['dsmb keep //cloudTarball', 'keep its last output, and what that was made from, in the store'],
    ['dsmb keep --list', 'show what is kept, and what stays because it is in dsmb-out'],
    ['dsmb keep --remove //cloudTarball', 'give it back to garbage collection'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    list: { type: 'boolean', help: 'show what is kept' },
    remove: { type: 'boolean', help: 'stop keeping these targets' },
    json: { type: 'boolean', help: 'with --list: as JSON' },
  },
  run: async (call) => runKeep(call),
};

/** Of an output's digest. */
const SHOWN_DIGITS = 12;

function runKeep(call: Call): number {
  const { roots } = new Store(storeRoot());
  if (call.flag('list')) return list(call, roots.kept(), roots.delivered());
  if (call.operands.length === 0) fail('USAGE', 'dsmb keep needs a target', { hint: 'dsmb list shows the targets' });
  const workspace = findWorkspace(resolve(call.text('workspace') ?? process.cwd()));
  const labels = call.operands.map(parseLabel);
  for (const label of labels)
    if (call.flag('remove')) remove(label, of(roots.kept(), workspace, label));
    else keepLast(roots, label, workspace);
  return EXIT.ok;
}

function keepLast(roots: Roots, label: Label, workspace: string): void {
  const root = roots.last(workspace, label) ?? notBuilt(label);
  roots.keep(root, Date.now());
  printLine(`${label} is kept as it was last built: ${shortened(root)}`);
}

function shortened({ output }: Pick<Root, 'output'>): string {
  return output.slice(0, SHOWN_DIGITS);
}

function of(kept: readonly StoredRoot[], workspace: string, label: Label): StoredRoot[] {
  return kept.filter((root) => root.workspace === workspace && root.label === label);
}

function remove(label: Label, kept: readonly StoredRoot[]): void {
  if (kept.length === 0) fail('NOT_KEPT', `${label} is not kept`, { hint: 'dsmb keep --list' });
  for (const root of kept) {
    rmSync(root.file, { force: true });
    printLine(`${label} is no longer kept: ${shortened(root)}`);
  }
}

function notBuilt(label: Label): never {
  return fail('NOT_BUILT', `${label} has not been built in this workspace`, { hint: `dsmb build ${label}` });
}

function list(call: Call, kept: readonly StoredRoot[], delivered: readonly StoredRoot[]): number {
  const rows = [...kept.map((root) => entry(root, 'kept')), ...delivered.map((root) => entry(root, 'delivered'))];
  if (call.flag('json')) printJson(rows);
  else if (rows.length === 0) printLine('nothing is kept: dsmb keep //target');
  else
    for (const line of alignColumns(rows.map((row) => [row.why, row.label, row.at, shortened(row), row.workspace])))
      printLine(line);
  return EXIT.ok;
}

interface Row extends Pick<Root, 'label' | 'output' | 'workspace'> {
  readonly why: string;
  readonly at: string;
}

function entry({ label, workspace, output, at }: Root, why: string): Row {
  return { why, label, at: new Date(at).toISOString().slice(0, 16).replace('T', ' '), output, workspace };
}

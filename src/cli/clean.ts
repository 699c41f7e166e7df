/** `dsmb clean`: removes the outputs of a workspace. */
import { lstatSync, readlinkSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { removeTree } from '../../cache/files.ts';
import { noteRemoval } from '../../cache/removals.ts';
import { Store, storeRoot } from '../../cache/store.ts';
import { findWorkspace, OUTPUT_FOLDER } from '../load/workspace.ts';
import { plural } from '../report/format.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { printLine } from '../report/print.ts';

export const clean: Command = {
  name: 'clean',
  summary: 'remove dsmb-out, the outputs of this workspace',
  usage: '[--all]',
  examples: [
    ['dsmb clean', 'the next build puts the outputs back from the store; nothing runs'],
    ['dsmb clean --all', 'forget the results as well: the next build runs every action of this workspace again'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    all: {
      type: 'boolean',
      help: 'also forget the results of the last builds, except those that something else keeps',
    },
  },
  run: async (call) => runClean(call),
};

function runClean(call: Call): number {
  const workspace = findWorkspace(resolve(call.text('workspace') ?? process.cwd()));
  const store = new Store(storeRoot());
  if (call.flag('all')) {
    const forgotten = forgetResults(store, workspace);
    printLine(`forgot ${plural(forgotten, 'result')}; dsmb gc frees their space`);
  }
  const folder = join(workspace, OUTPUT_FOLDER);
  const said = removal(folder);
  removeTree(folder);
  store.roots.prune();
  printLine(said);
  return EXIT.ok;
}

/** A symlink goes without what it leads to. */
function removal(folder: string): string {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (!stats) return `there is no ${OUTPUT_FOLDER}`;
  if (!stats.isSymbolicLink()) return `removed ${OUTPUT_FOLDER}`;
  return `removed ${OUTPUT_FOLDER}, a symlink to ${readlinkSync(folder)}, where the outputs still are`;
}

/** Of other workspaces and of `dsmb keep` nothing is touched. */
function forgetResults(store: Store, workspace: string): number {
  const delivered = store.roots.delivered();
  const others = [...store.roots.kept(), ...delivered.filter((root) => root.workspace !== workspace)];
  const needed = new Set(others.flatMap(({ records }) => records));
  const mine = new Set(delivered.filter((root) => root.workspace === workspace).flatMap(({ records }) => records));
  const results = [...mine].filter((record) => record.startsWith('ac.v1/') && !needed.has(record));
  noteRemoval(store.root);
  for (const record of results) rmSync(join(store.root, record), { force: true });
  return results.length;
}

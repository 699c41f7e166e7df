/** `dsmb clean`: removes the outputs of a workspace. */
import { rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { removeTree } from '../../cache/files.ts';
import { noteRemoval } from '../../cache/removals.ts';
import { Store, storeRoot } from '../../cache/store.ts';
import { findWorkspace } from '../load/workspace.ts';
import { plural } from '../report/format.ts';
import { OUTPUT_FOLDER } from '../report/outputs.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { printLine } from '../report/print.ts';

export const clean: Command = {
  name: 'clean',
  summary: 'remove dsmb-out, the outputs of this workspace',
  usage: '[--all]',
  examples: [
    ['dsmb clean', 'the next build puts the outputs back from the store; nothing runs'],
    ['dsmb clean --all', 'forget the results, too: the next build runs every action of this workspace again'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    all: { type: 'boolean', help: 'also the results of the last builds, but for those that something else keeps' },
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
  const there = statSync(folder, { throwIfNoEntry: false }) !== undefined;
  removeTree(folder);
  store.roots.prune();
  printLine(there ? `removed ${OUTPUT_FOLDER}` : `there is no ${OUTPUT_FOLDER}`);
  return EXIT.ok;
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

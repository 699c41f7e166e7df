/** `dsmb diff`: where two files, folders, disks or built targets differ, in the words of their formats. */
import { existsSync } from 'node:fs';
import { Store, storeRoot } from '../../cache/store.ts';
import { compareFiles, formatFinding } from '../compare/index.ts';
import { temporaryFolder } from '../execute/action/temporary-folder.ts';
import { storedXz } from '../execute/toolchains/stored-toolchains.ts';
import { fail } from '../model/diagnostic.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { findBuilt } from './disk/built.ts';
import { workspaceOf } from './request.ts';
import { printJson, printLine } from '../report/print.ts';

const DEFAULT_LIMIT = 50;

export const diff: Command = {
  name: 'diff',
  summary: 'show where two files, folders, disks or archives differ, field by field',
  usage: 'PATH|LABEL PATH|LABEL | LABEL --to NAME=VALUE',
  examples: [
    ['dsmb diff one.tar.gz two.tar.gz', 'archives, and the disks and file systems in them'],
    ['dsmb diff //bootPartition --to mac=52:54:00:aa:bb:cc', 'what another value of a parameter changes'],
    ['dsmb diff //cloudTarball dsm.tar.gz --exit-code', 'whether a file is still what was built'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    to: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'a parameter of the second; may be repeated' },
    limit: { type: 'string', value: 'N', help: `differences to show at most; ${DEFAULT_LIMIT} by default` },
    'exit-code': { type: 'boolean', help: 'exit with 1 if they differ' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  run: runDiff,
};

async function runDiff(call: Call): Promise<number> {
  const parameters = call.list('to');
  const [first, second = parameters.length > 0 ? first : undefined, ...rest] = call.operands;
  if (first === undefined || second === undefined || rest.length > 0)
    fail('USAGE', 'dsmb diff needs two things to compare', { hint: diff.examples[0]![0] });
  const store = new Store(storeRoot());
  using _use = store.use();
  const [before, after] = [await pathOf(call, store, first), await pathOf(withParameters(call), store, second)];
  using scratch = temporaryFolder(store);
  const xz = [first, second].some(isLabel) ? await storedXz(store, workspaceOf(call)) : undefined;
  const limit = Number(call.text('limit') ?? DEFAULT_LIMIT);
  if (!Number.isSafeInteger(limit) || limit < 1)
    fail('USAGE', '--limit must be a number above 0', { hint: '--limit 10' });
  const comparison = await compareFiles(before, after, { limit, scratch: scratch.path, ...(xz ? { xz } : {}) });
  const { equal, findings, more } = comparison;
  const lines = equal ? ['they are equal'] : [...findings.map(formatFinding), ...(more ? ['and more'] : [])];
  if (call.flag('json')) printJson(comparison);
  else printLine(lines.join('\n'));
  return call.flag('exit-code') && !equal ? EXIT.buildFailed : EXIT.ok;
}

function withParameters(call: Call): Call {
  return { ...call, list: (name) => (name === 'set' ? [...call.list('set'), ...call.list('to')] : call.list(name)) };
}

function isLabel(operand: string): boolean {
  return operand.startsWith('//');
}

/** A path as it is; what a target was built to, in the store. */
async function pathOf(call: Call, store: Store, operand: string): Promise<string> {
  if (!isLabel(operand))
    return existsSync(operand)
      ? operand
      : fail('FILE_NOT_FOUND', `there is no file or folder ${operand}`, { hint: 'labels of targets start with //' });
  const node = await findBuilt(call, store, operand);
  if (node.type === 'directory') return store.folders.folder(node);
  return node.type === 'file' ? store.cas.path(node.digest) : fail('NOT_BUILT', `${operand} is a symlink`);
}

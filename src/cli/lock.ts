/** `dsmb lock`: takes the present versions of every toolchain into toolchain.lock.json, all together. */
import { join } from 'node:path';
import { Store, storeRoot } from '../../cache/store.ts';
import { actionGraph } from '../analysis/action-graph.ts';
import type { AnalysedTarget } from '../analysis/action.ts';
import { debianSetsOf } from '../analysis/debian-sets.ts';
import type { DebianAttributes } from '../model/builtin.ts';
import { nodeLibraries, sandboxTools } from '../plan/runtime.ts';
import { sortByCodePoint } from '../step/order.ts';
import { changedSets, renewLock, setKey, versionChanges, type PackageSet, type Renewal } from '../toolchain/index.ts';
import { printLine } from '../report/print.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject } from '../analysis/project.ts';
import { requestOf } from './request.ts';

export const lock: Command = {
  name: 'lock',
  summary: 'update toolchain.lock.json to the current package versions',
  usage: '',
  examples: [['dsmb lock', 'resolve all toolchains again, together; the next build fetches what changed']],
  options: WORKSPACE_OPTIONS,
  run: runLock,
};

const NODE = nodeLibraries.attributes as unknown as DebianAttributes;
const SANDBOX = sandboxTools.attributes as unknown as DebianAttributes;

async function runLock(call: Call): Promise<number> {
  const { root, targets } = await openProject({ ...requestOf(call), operands: ['//...'] });
  const store = new Store(storeRoot());
  const lockFile = join(root, 'toolchain.lock.json');
  const sets = setsOf(targets);
  const context = {
    lockFile,
    cache: store.downloads,
    frozen: false,
    warn: (message: string) => printLine(message, process.stderr),
  };
  const onWait = (): void => context.warn('waiting for another command that changes the lock');
  const waiting = { signal: undefined, onWait };
  const renewal = await store.locks.with(`file ${lockFile}`, () => renewLock(sets, context), waiting);
  for (const line of [`toolchain.lock.json: ${sets.length} package sets`, ...report(renewal, targets)]) printLine(line);
  return EXIT.ok;
}

/** Each set of the project, and those that the engine itself has. */
function setsOf(targets: readonly AnalysedTarget[]): PackageSet[] {
  const all = [NODE, SANDBOX, ...targets.flatMap(({ artifact }) => debianSetsOf(artifact))];
  const sets = all.map(({ packages, closure }): PackageSet => ({ packages, closure }));
  return [...new Map(sets.map((set) => [setKey(set), set])).values()];
}

function report({ before, after, kept }: Renewal, targets: readonly AnalysedTarget[]): string[] {
  const changes = versionChanges(before, after);
  const stale = staleTargets(targets, changedSets(before, after));
  return [
    ...kept.map(({ name, version }) => `kept ${name} ${version}: no package source of this machine lists it`),
    ...changes.map(
      ({ name, was, is }) => `${name} ${was.join(', ') || 'new'} -> ${is.join(', ') || 'no longer needed'}`,
    ),
    stale.length === 0 ? 'it makes no target stale' : `stale now, and built again when you next ask for them:`,
    ...stale.map((label) => `  ${label}`),
  ];
}

/** The targets that are made of packages which changed; a step is made of Node's libraries as well. */
function staleTargets(targets: readonly AnalysedTarget[], changed: ReadonlySet<string>): string[] {
  const isStale = ({ artifact }: AnalysedTarget): boolean =>
    debianSetsOf(artifact).some((set) => changed.has(setKey(set))) ||
    (changed.has(setKey(NODE)) && actionGraph([artifact]).actions.some(({ work }) => work.type === 'step'));
  // A target that several build files export is listed once.
  return sortByCodePoint(new Set(targets.filter(isStale).map(({ label }) => label)));
}

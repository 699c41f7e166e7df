/** `dsmb lock`: takes the present versions of every toolchain into toolchain.lock.json. */
import { join } from 'node:path';
import { Store, storeRoot } from '../../cache/store.ts';
import type { ActionNode, AnalysedTarget, ArtifactReference } from '../analysis/action.ts';
import type { DebianAttributes } from '../model/builtin.ts';
import { nodeLibraries, sandboxTools } from '../plan/runtime.ts';
import { relock, type PackageSet } from '../toolchain/index.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { openProject } from './project.ts';
import { printLine } from '../report/print.ts';

export const lock: Command = {
  name: 'lock',
  summary: 'update toolchain.lock.json to the present package versions',
  usage: '',
  examples: [['dsmb lock', 'resolve every toolchain again; the next build fetches what changed']],
  options: WORKSPACE_OPTIONS,
  run: runLock,
};

async function runLock(call: Call): Promise<number> {
  const { root, targets } = await openProject({ ...call, operands: ['//...'] });
  const sets = new Map<string, PackageSet>();
  const add = ({ packages, closure }: PackageSet): void =>
    void sets.set(`${closure} ${packages.join(' ')}`, { packages, closure });
  for (const builtin of [nodeLibraries, sandboxTools]) add(builtin.attributes as unknown as DebianAttributes);
  for (const reference of allReferences(targets)) if (reference.origin.type === 'debian') add(reference.origin);
  await relock([...sets.values()], {
    lockFile: join(root, 'toolchain.lock.json'),
    cache: new Store(storeRoot()).downloads,
    frozen: false,
    warn: (message) => printLine(message, process.stderr),
  });
  printLine(`toolchain.lock.json: ${sets.size} package sets`);
  return EXIT.ok;
}

function allReferences(targets: readonly AnalysedTarget[]): ArtifactReference[] {
  const found = new Set<ArtifactReference>();
  const actions = new Set<ActionNode>();
  const visit = (reference: ArtifactReference): void => {
    found.add(reference);
    if ('entries' in reference.origin) reference.origin.entries.forEach(visit);
    if (reference.origin.type !== 'action' || actions.has(reference.origin.action)) return;
    actions.add(reference.origin.action);
    [...reference.origin.action.inputs.values(), ...reference.origin.action.toolchains].forEach(visit);
  };
  for (const target of targets) visit(target.artifact);
  return [...found];
}

/** Gathers what a build with nothing to do rests on. More than it needs costs a look; less would be a lie. */
import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removalsFile } from '../../../cache/removals.ts';
import type { Store } from '../../../cache/store.ts';
import type { ActionNode, AnalysedTarget, ArtifactReference } from '../../analysis/action.ts';
import { validationsOf } from '../../analysis/targets-below.ts';
import { packageFolders } from '../../load/load.ts';
import { PARAMETERS_FILE } from '../../load/parameters.ts';
import { findWorkspace } from '../../load/workspace.ts';
import { bundleRestsOn } from '../../plan/bundle.ts';
import { nodeBinary } from '../../plan/runtime.ts';
import { outputFolder, stampOf } from '../../report/outputs.ts';
import type { Call } from '../command.ts';
import type { Project } from '../project.ts';
import { Evidence } from './evidence.ts';

/** The folder that holds `src` and `cache`, as sources or compiled. */
const ENGINE = fileURLToPath(new URL('../../../', import.meta.url));

/** Undefined when there is no telling. */
export function gatherEvidence(call: Call, store: Store, project: Project): Evidence | undefined {
  const evidence = new Evidence();
  if (project.loaded.trace.looksOutside) return undefined;
  addEngine(evidence);
  addProject(evidence, call, project);
  if (!addArtifacts(evidence, store, project.targets)) return undefined;
  for (const { label } of project.targets) {
    evidence.path(stampOf(project.root, label));
    evidence.tree(outputFolder(project.root, label));
  }
  evidence.path(removalsFile(store.root));
  for (const folder of ['cas.v1', 'ac.v1']) evidence.exists(join(store.root, folder));
  return evidence;
}

function addEngine(evidence: Evidence): void {
  const modules = globSync('{src,cache}/**/*.{ts,js}', {
    cwd: ENGINE,
    exclude: (path) => /\.test(-helper)?\.\w+$/.test(path),
  });
  for (const path of modules) evidence.path(join(ENGINE, path));
  evidence.module(join(ENGINE, 'src/index.ts'));
  evidence.path(nodeBinary());
}

function addProject(evidence: Evidence, call: Call, { root, loaded }: Project): void {
  findWorkspace(resolve(call.text('workspace') ?? process.cwd()), evidence.exists);
  if (call.operands.some((operand) => operand.endsWith('...')))
    for (const folder of packageFolders(root)) evidence.path(folder);
  for (const name of [PARAMETERS_FILE, 'toolchain.lock.json']) evidence.path(join(root, name));
  for (const module of loaded.trace.modules) evidence.module(module);
  for (const request of loaded.trace.requests) evidence.package(request);
}

/** Sources, and what the bundles of steps rest on; false when these are just changing. */
function addArtifacts(evidence: Evidence, store: Store, targets: readonly AnalysedTarget[]): boolean {
  const seen = new Set<ActionNode>();
  const steps = new Set<string>();
  const waiting: ArtifactReference[] = [...targets, ...validationsOf(targets)].map(({ artifact }) => artifact);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { origin } = next;
    if (origin.type === 'source') evidence.tree(origin.path);
    if ('entries' in origin) for (const entry of origin.entries.values()) waiting.push(entry);
    if (origin.type !== 'action' || seen.has(origin.action)) continue;
    seen.add(origin.action);
    const { work, inputs, toolchains } = origin.action;
    for (const input of [...inputs.values(), ...toolchains]) waiting.push(input);
    if (work.type === 'step') steps.add(work.module.href);
  }
  const bundles = [...steps].map((step) => bundleRestsOn(store, new URL(step)));
  for (const path of bundles.flatMap((paths) => paths ?? [])) evidence.path(path);
  return !bundles.includes(undefined);
}

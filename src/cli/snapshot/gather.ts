/** Gathers what a build rests on. More than it needs costs a look; less would be a lie. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { removalsFile } from '../../../cache/removals.ts';
import type { Store } from '../../../cache/store.ts';
import { pathsBelow } from '../../../cache/walk.ts';
import type { ActionNode, ArtifactReference } from '../../analysis/action.ts';
import { packageFolders } from '../../load/load.ts';
import { Lookups } from '../../load/lookups.ts';
import { PARAMETERS_FILE } from '../../load/parameters.ts';
import { foldersInPlaceOf } from '../../load/shared-places.ts';
import type { Search } from '../../load/trace.ts';
import { findWorkspace } from '../../load/workspace.ts';
import { nodeBinary } from '../../plan/runtime.ts';
import type { Call } from '../command.ts';
import type { Project } from '../project.ts';
import { ENGINE } from '../request-id.ts';
import { Evidence } from './evidence.ts';
import type { Reading } from './reading.ts';

/** All that a request rests on but what it has delivered. */
export interface RestsOn {
  /** The engine, the modules and settings of the project, the store: a change here may change anything. */
  readonly base: Evidence;
  /** What single actions read; a change there changes only what is made of it. */
  readonly readings: readonly ReadBy[];
}

/** Something that is read, and the actions that read it. */
export interface ReadBy {
  readonly reading: Reading;
  readonly readers: ReadonlySet<ActionNode>;
}

/** What a request of some artifacts rests on. Undefined when there is no telling. */
export function gatherEvidence(
  call: Call,
  store: Store,
  project: Project,
  artifacts: readonly ArtifactReference[],
): RestsOn | undefined {
  const { trace } = project.loaded;
  if (trace.outside) return undefined;
  const base = new Evidence(trace.looks);
  addEngine(base);
  addProject(base, call, project);
  if (!addSearches(base, [...trace.searches])) return undefined;
  base.path(removalsFile(store.root));
  for (const folder of ['cas.v1', 'ac.v1']) base.exists(join(store.root, folder));
  return { base, readings: readingsOf(artifacts) };
}

function addEngine(evidence: Evidence): void {
  for (const folder of ['src', 'cache'])
    for (const path of pathsBelow(join(ENGINE, folder)))
      if (/(?<!\.test|\.test-helper)\.[jt]s$/.test(path)) evidence.path(path);
  evidence.module(join(ENGINE, 'src/index.ts'));
  evidence.path(nodeBinary());
  // The launcher sets up anew what it asks for.
  evidence.path(join(ENGINE, 'package-lock.json'));
}

function addProject(evidence: Evidence, call: Call, { root, loaded, targets }: Project): void {
  findWorkspace(resolve(call.text('workspace') ?? process.cwd()), evidence.exists);
  if (call.operands.some((operand) => operand.endsWith('...')))
    addFolders(evidence, (exists) => packageFolders(root, exists));
  for (const { label } of targets) addFolders(evidence, (exists) => foldersInPlaceOf(root, label, exists));
  for (const name of [PARAMETERS_FILE, 'toolchain.lock.json']) evidence.path(join(root, name));
  for (const path of loaded.trace.paths) evidence.path(path);
  for (const module of loaded.trace.modules) evidence.module(module);
}

/** The places where Node searched for modules. False where they are not all known. */
function addSearches(evidence: Evidence, searches: readonly Search[]): boolean {
  const lookups = { import: new Lookups('import'), require: new Lookups('require') };
  return searches.every((search) => {
    const places = lookups[search.manner].places(search);
    for (const place of places ?? []) evidence.path(place);
    return places !== undefined;
  });
}

/** The folders that were looked into for packages, and what kept the search out of others. */
function addFolders(evidence: Evidence, search: (exists: (path: string) => boolean) => Iterable<string>): void {
  for (const folder of search((path) => existsSync(path) && evidence.exists(path))) evidence.path(folder);
}

/** The sources in artifacts and in all that they are made of, and the steps, each with the actions that read it. */
function readingsOf(artifacts: readonly ArtifactReference[]): ReadBy[] {
  const found = new Map<string, { readonly reading: Reading; readonly readers: Set<ActionNode> }>();
  const note = (name: string, reading: Reading, reader: ActionNode | undefined): void => {
    const known = found.get(name) ?? { reading, readers: new Set() };
    found.set(name, known);
    if (reader) known.readers.add(reader);
  };
  const seen = new Set<ActionNode>();
  const waiting = artifacts.map((one): readonly [of: ArtifactReference, reader: ActionNode | undefined] => [
    one,
    undefined,
  ]);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [{ origin }, reader] = next;
    if (origin.type === 'source') note(origin.path, { type: 'source', path: origin.path }, reader);
    if ('entries' in origin) for (const entry of origin.entries.values()) waiting.push([entry, reader]);
    if (origin.type !== 'action' || seen.has(origin.action)) continue;
    const { work, inputs, toolchains } = origin.action;
    seen.add(origin.action);
    for (const input of [...inputs.values(), ...toolchains]) waiting.push([input, origin.action]);
    if (work.type === 'step') note(work.module.href, { type: 'step', module: work.module.href }, origin.action);
  }
  return [...found.values()];
}

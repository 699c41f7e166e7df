/** Loads and analyses the project that a command is about. */
import { resolve } from 'node:path';
import { Analysis } from '../analysis/analyse.ts';
import type { AnalysedTarget } from '../analysis/action.ts';
import { fail } from '../model/diagnostic.ts';
import { parseLabel, splitLabel, type Label } from '../model/label.ts';
import { findPackages, findTarget, load, type Loaded } from '../load/load.ts';
import { parameterValues, type ParameterValues } from '../load/parameters.ts';
import { findWorkspace } from '../load/workspace.ts';
import type { Call } from './command.ts';

/** A project with its parameters set. */
export interface Project {
  readonly root: string;
  readonly loaded: Loaded;
  readonly parameters: ParameterValues;
  readonly analysis: Analysis;
  readonly targets: readonly AnalysedTarget[];
  /** When its phases began and ended, of `performance.now()`. */
  readonly times: { readonly load: number; readonly analyse: number; readonly end: number };
}

/** The project of a call, and the targets that its operands name. */
export async function openProject(call: Call): Promise<Project> {
  const start = performance.now();
  const root = workspaceOf(call);
  const patterns = call.operands.map(parsePattern);
  const everywhere = patterns.some((pattern) => pattern.all);
  const packages = everywhere ? findPackages(root) : patterns.map(({ packageName }) => packageName);
  const loaded = await load(root, packages);
  const loadedAt = performance.now();
  const parameters = parameterValues(loaded, call.list('set'), process.cwd());
  const analysis = new Analysis(loaded.labels, parameters);
  const named = new Set(patterns.flatMap((pattern) => matching(loaded, pattern)));
  using _watch = loaded.trace.watch();
  const targets = [...named].map((label) => analysis.target(findTarget(loaded, label), label));
  const times = { load: start, analyse: loadedAt, end: performance.now() };
  return { root, loaded, parameters, analysis, targets, times };
}

/** The root folder of the project that a call is about. */
export function workspaceOf(call: Call): string {
  return findWorkspace(resolve(call.text('workspace') ?? process.cwd()));
}

interface Pattern {
  readonly packageName: string;
  /** Absent for every target below the package. */
  readonly label?: Label;
  readonly all: boolean;
}

/** `//x`, `//package:x`, or `//...` and `//package/...` for all below. */
function parsePattern(text: string): Pattern {
  const below = /^\/\/(?:(.+)\/)?\.\.\.$/.exec(text);
  if (below) return { packageName: below[1] ?? '', all: true };
  const label = parseLabel(text);
  return { packageName: splitLabel(label).packageName, label, all: false };
}

function matching(loaded: Loaded, { packageName, label }: Pattern): Label[] {
  if (label) return [label];
  const found = [...loaded.targets.keys()].filter((one) => {
    const name = splitLabel(one).packageName;
    return packageName === '' || name === packageName || name.startsWith(`${packageName}/`);
  });
  if (found.length === 0) fail('NO_TARGETS', `there are no targets below //${packageName}`, { hint: 'dsmb list' });
  return found;
}

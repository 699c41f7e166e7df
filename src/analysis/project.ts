/** Loads and analyses the project that a request is about. */
import { join, resolve } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import type { Phase } from '../model/event.ts';
import { parseLabel, splitLabel, type Label } from '../model/label.ts';
import { formatValue } from '../load/format-value.ts';
import { findPackages, findTarget, load, type Loaded } from '../load/load.ts';
import { PARAMETERS_FILE, parameterValues, type ParameterValues } from '../load/parameters.ts';
import { describeOutside } from '../load/trace.ts';
import { findWorkspace } from '../load/workspace.ts';
import type { ActionNode, AnalysedTarget } from './action.ts';
import { Analysis } from './analyse.ts';
import { declarationOf, type Declaration } from './declaration.ts';

/** Which targets are asked for, and with which parameters. */
export interface ProjectRequest {
  /** The folder in which it is asked. */
  readonly folder: string;
  /** A folder of the project, as it was written; by default that in which it is asked. */
  readonly workspace: string | undefined;
  /** Labels and patterns of targets. */
  readonly operands: readonly string[];
  /** `name=value`. */
  readonly settings: readonly string[];
}

/** A project with its parameters set. */
export interface Project {
  readonly root: string;
  readonly loaded: Loaded;
  readonly parameters: ParameterValues;
  readonly analysis: Analysis;
  /** Those that are asked for. */
  readonly targets: readonly AnalysedTarget[];
  /** The values of parameters by name, as people write them. */
  readonly settings: () => Readonly<Record<string, string>>;
  /** What the build file says about the target of an action. */
  readonly declarationOf: (action: ActionNode) => Declaration;
  /** What a build says of it. */
  readonly warnings: readonly string[];
  /** When phases began and ended, of `performance.now()`. */
  readonly times: readonly (readonly [phase: Phase, start: number, end: number])[];
}

/** The root folder of the project that a request is about. */
export function rootOf({ folder, workspace }: Pick<ProjectRequest, 'folder' | 'workspace'>): string {
  return findWorkspace(resolve(folder, workspace ?? '.'));
}

/** The project of a request, and the targets that its operands name. */
export async function openProject(request: ProjectRequest): Promise<Project> {
  const start = performance.now();
  const root = rootOf(request);
  const patterns = request.operands.map(parsePattern);
  const everywhere = patterns.some((pattern) => pattern.all);
  const packages = everywhere ? findPackages(root) : patterns.map(({ packageName }) => packageName);
  const loaded = await load(root, packages);
  const loadedAt = performance.now();
  loaded.trace.looks.way(join(root, PARAMETERS_FILE));
  const parameters = await parameterValues(loaded, request.settings, request.folder);
  const analysis = new Analysis(loaded.labels, parameters);
  const named = new Set(patterns.flatMap((pattern) => matching(loaded, pattern)));
  const targets = analyse(analysis, loaded, named);
  return {
    ...{ root, loaded, parameters, analysis, targets },
    settings: () => settingsOf(loaded, parameters),
    declarationOf: (action) => declarationOf(analysis.targetOf(action), loaded, parameters),
    warnings: impurityOf(loaded),
    times: [
      ['load', start, loadedAt],
      ['analyse', loadedAt, performance.now()],
    ],
  };
}

/** Of an impure build file each build says why it evaluates all of them again. */
function impurityOf({ trace: { outside } }: Loaded): string[] {
  if (!outside) return [];
  return [
    `${describeOutside(outside)}, which may give something else each time: every build evaluates the build files again; ` +
      '`dsmb check` says what to do instead',
  ];
}

function settingsOf(loaded: Loaded, parameters: ParameterValues): Record<string, string> {
  const values = [...loaded.parameters].map(([name, declared]) => {
    const parameter = declared.type === 'target' ? declared.parameter : declared;
    const value = parameters.has(parameter) ? parameters.get(parameter) : parameter.default;
    return [name, formatValue(value, loaded)] as const;
  });
  return Object.fromEntries(values);
}

/** Rules run here, and nothing of the engine that looks at the clock: rules are watched. */
function analyse(analysis: Analysis, loaded: Loaded, labels: Iterable<Label>): AnalysedTarget[] {
  using _watch = loaded.trace.watch();
  return [...labels].map((label) => analysis.target(findTarget(loaded, label), label));
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

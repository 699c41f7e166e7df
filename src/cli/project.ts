/** Loads and analyses the project that a command is about. */
import { join, relative, resolve } from 'node:path';
import { Analysis } from '../analysis/analyse.ts';
import type { ActionNode, AnalysedTarget } from '../analysis/action.ts';
import { declarationOf, type Declaration } from '../analysis/declaration.ts';
import type { Settled } from '../execute/progress.ts';
import type { Digest } from '../model/digest.ts';
import { fail } from '../model/diagnostic.ts';
import type { Phase } from '../model/event.ts';
import { parseLabel, splitLabel, type Label } from '../model/label.ts';
import { findPackages, findTarget, load, type Loaded } from '../load/load.ts';
import { PARAMETERS_FILE, parameterValues, type ParameterValues } from '../load/parameters.ts';
import { findWorkspace } from '../load/workspace.ts';
import type { Call } from './command.ts';
import { requestId } from './request-id.ts';
import { formatValue } from './values.ts';

/** What a build needs to know of a project. */
export interface Request {
  /** Names it: what makes it another request than others. */
  readonly id: string;
  readonly root: string;
  readonly targets: readonly AnalysedTarget[];
  /** The values of parameters by name, as people write them. */
  readonly settings: () => Readonly<Record<string, string>>;
  /** What the build file says about the target of an action. */
  readonly declarationOf: (action: ActionNode) => Declaration;
  /** Actions that are known to be up to date. */
  readonly settled: ReadonlyMap<ActionNode, Settled>;
  /** Of a build that goes on from the last one: the keys that the other actions had then. */
  readonly keysBefore?: ReadonlyMap<ActionNode, Digest>;
  /** What a build says of it. */
  readonly warnings?: readonly string[];
  /** Phases that lie behind it: when they began and ended, of `performance.now()`. */
  readonly times: readonly (readonly [phase: Phase, start: number, end: number])[];
}

/** A project with its parameters set. */
export interface Project extends Request {
  readonly loaded: Loaded;
  readonly parameters: ParameterValues;
  readonly analysis: Analysis;
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
  loaded.trace.looks.way(join(root, PARAMETERS_FILE));
  const parameters = await parameterValues(loaded, call.list('set'), process.cwd());
  const analysis = new Analysis(loaded.labels, parameters);
  const named = new Set(patterns.flatMap((pattern) => matching(loaded, pattern)));
  const targets = analyse(analysis, loaded, named);
  return {
    ...{ id: requestId(call), root, loaded, parameters, analysis, targets },
    settings: () => settingsOf(loaded, parameters),
    declarationOf: ({ target }) => declarationOf(target, loaded, parameters),
    settled: new Map(),
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
  const { what, file, line } = outside;
  const place = file === undefined ? 'a build file' : relative(process.cwd(), file);
  return [
    `${place}${line === undefined ? '' : `:${line}`} uses ${what}, which may give something else each time: every build ` +
      'evaluates the build files again; `dsmb check` says what to do instead',
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

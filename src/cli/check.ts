/** `dsmb check`: all that can be said about build files without building anything. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Analysis } from '../analysis/analyse.ts';
import type { AnalysedTarget } from '../analysis/action.ts';
import { queryGraph } from '../graph/query-graph.ts';
import { unusedNodes } from '../graph/unused.ts';
import { findPackages, load, references, type Loaded } from '../load/load.ts';
import { ownFiles } from '../load/own-files.ts';
import { parameterValues } from '../load/parameters.ts';
import { impurities } from '../load/purity.ts';
import { sharedPlace } from '../load/shared-places.ts';
import { typeProblems, type Finding } from '../load/types.ts';
import { BUILD_FILE } from '../load/workspace.ts';
import { sourceFileRule, sourceFolderRule, type SourceAttributes } from '../model/builtin.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import type { Target } from '../model/target.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { palette, plural } from '../report/format.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { busyLine } from './progress-line.ts';
import { workspaceOf } from './request.ts';
import { printJson, printLine } from '../report/print.ts';

export const check: Command = {
  name: 'check',
  summary: 'check build files: types, purity, what is missing, what is unused',
  usage: '[--strict] [--json]',
  examples: [
    ['dsmb check', 'everything that can be known without building'],
    ['dsmb check --strict', 'exit with 2 for warnings as well, for continuous integration'],
    ['dsmb check --json', 'for editors and scripts'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    strict: { type: 'boolean', help: 'treat warnings as errors' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  run: runCheck,
};

async function runCheck(call: Call): Promise<number> {
  const root = workspaceOf(call);
  const { findings, files } = await checkAll(root, call.list('set'));
  if (call.flag('json')) printJson({ problems: findings.map((one) => row(root, one)) });
  else print(findings, files);
  const errors = findings.filter(({ severity }) => severity === 'error' || call.flag('strict'));
  return errors.length > 0 ? EXIT.usage : EXIT.ok;
}

/** All findings, and how many files were looked at. */
async function checkAll(root: string, settings: readonly string[]): Promise<{ findings: Finding[]; files: number }> {
  const files = findPackages(root).map((name) => join(root, name, BUILD_FILE));
  const own = ownFiles(files);
  using _busy = busyLine(`checking ${plural(own.length, 'file')}`);
  const problems = typeProblems(root, own);
  const ofGraph = await graphFindings(root, settings);
  const findings = distinct([
    ...problems,
    ...impurities(files).map(asError),
    ...ofGraph.filter((one) => !isToldBy(problems, one)),
  ]);
  return { findings, files: own.length };
}

/** A file that does not load has most often a line that the compiler has told of, and more clearly. */
function isToldBy(problems: readonly Finding[], { code, location }: Finding): boolean {
  const isThere = (other: Finding): boolean =>
    other.location?.file === location?.file && other.location?.line === location?.line;
  return code === 'BUILD_FILE_FAILED' && location !== undefined && problems.some(isThere);
}

/** What loading and analysis say. Where a build file does not load there is no graph to look at. */
async function graphFindings(root: string, settings: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const loaded = await attempt(findings, () => load(root, findPackages(root)));
  const parameters = loaded && (await attempt(findings, () => parameterValues(loaded, settings, process.cwd())));
  if (!loaded || !parameters) return findings;
  const analysis = new Analysis(loaded.labels, parameters);
  for (const [label, target] of loaded.targets) {
    const analysed = await attempt(findings, async () => analysis.target(target, label));
    if (analysed) findings.push(...missingSteps(analysed));
  }
  const shared = [...loaded.targets.keys()].flatMap((label) => sharedPlace(loaded, label) ?? []);
  return [...findings, ...shared.map(asError), ...missingSources(loaded), ...unused(loaded, root)];
}

async function attempt<T>(findings: Finding[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { diagnostic } = error;
    // The finding is the answer to this hint.
    const { hint, ...rest } = diagnostic;
    findings.push(asError(hint === 'dsmb check' ? rest : diagnostic));
    return undefined;
  }
}

function missingSources({ targets }: Loaded): Finding[] {
  const found: Finding[] = [];
  const seen = new Set<Target>();
  const visit = (target: Target): void => {
    if (seen.has(target)) return;
    seen.add(target);
    references(target).forEach(visit);
    if (target.rule !== sourceFileRule && target.rule !== sourceFolderRule) return;
    const { path, written } = target.attributes as unknown as SourceAttributes;
    if ('parameter' in target || existsSync(path)) return;
    found.push({
      severity: 'error',
      code: 'NO_SUCH_FILE',
      message: `there is no file or folder ${written} (${path})`,
      ...(target.location ? { location: target.location } : {}),
    });
  };
  for (const target of targets.values()) visit(target);
  return found;
}

function missingSteps({ label, actions }: AnalysedTarget): Finding[] {
  return actions.flatMap(({ work, call }): Finding[] => {
    if (work.type !== 'step' || existsSync(work.module)) return [];
    const message = `${label}: there is no step ${fileURLToPath(work.module)}`;
    return [
      { severity: 'error', code: 'NO_SUCH_FILE', message, ...(call.location ? { location: call.location } : {}) },
    ];
  });
}

function unused(loaded: Loaded, root: string): Finding[] {
  return unusedNodes(queryGraph(loaded, root)).map(({ name, rule, location }) => ({
    severity: 'warning',
    code: 'UNUSED',
    message:
      rule === 'parameter'
        ? `no target reads the parameter ${name.slice('param:'.length)}`
        : `nothing uses ${name}, and it checks nothing`,
    ...(location ? { location } : {}),
  }));
}

function asError(diagnostic: Diagnostic): Finding {
  return { severity: 'error', ...diagnostic };
}

/** Sorted by place. What several targets say of one place is said once. */
function distinct(findings: readonly Finding[]): Finding[] {
  const place = ({ location }: Finding): string =>
    location ? `${location.file}:${String(location.line).padStart(6)}:${String(location.column).padStart(6)}` : '';
  const byText = new Map(findings.map((one) => [`${place(one)} ${one.code} ${one.message}`, one]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
}

function row(root: string, { location, ...finding }: Finding): object {
  return { ...finding, ...(location ? { ...location, file: relative(root, location.file) } : {}) };
}

function print(findings: readonly Finding[], files: number): void {
  const paint = palette(process.stdout);
  for (const finding of findings) printLine(`${formatDiagnostic(finding, paint, finding.severity)}\n`);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  printLine(`${plural(errors, 'error')}, ${plural(warnings, 'warning')} in ${plural(files, 'file')}`);
}

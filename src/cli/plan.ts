/** `dsmb plan`: what a build would run, why, and how long by past durations. Runs nothing. */
import { Store, storeRoot } from '../../cache/store.ts';
import { longestAfter, type ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode } from '../analysis/action.ts';
import type { PastRuns } from '../execute/schedule/past-runs.ts';
import { storedToolchains } from '../execute/toolchains/stored-toolchains.ts';
import { machineIdentity } from '../execute/sandbox/unsandboxed.ts';
import { fail } from '../model/diagnostic.ts';
import { Forecaster, type Forecast } from '../plan/forecast.ts';
import { causeLines, locate } from '../report/causes.ts';
import { explain, type Cause } from '../report/explain.ts';
import { formatDuration, palette, plural } from '../report/format.ts';
import type { BuildHistory } from '../report/history/history.ts';
import { actionId } from '../model/event.ts';
import { readParts } from '../report/kept-parts.ts';
import { graphBelow } from '../analysis/targets-below.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject, type Project } from '../analysis/project.ts';
import { requestOf } from './request.ts';
import { buildable } from '../analysis/runnable.ts';
import { openHistory, pastRuns } from './recording.ts';
import { printJson, printLine } from '../report/print.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'show what a build would run, why, and for how long; run nothing',
  usage: '//target… [--set name=value]… [--fail-on-run]',
  examples: [
    ['dsmb plan //cloudTarball', 'what is stale'],
    ['dsmb plan //cloudTarball --set mac=52:54:00:aa:bb:cc', 'what another value of a parameter would cost'],
    ['dsmb plan //... --fail-on-run', 'exit with 1 unless everything is built, for CI'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    'skip-validations': { type: 'boolean', help: 'skip targets that only gate others' },
    unsandboxed: { type: 'boolean', help: 'what a build with --unsandboxed would run' },
    'fail-on-run': { type: 'boolean', help: 'exit with 1 if something would run' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  run: runPlan,
};

/** One action of the plan. */
interface Row {
  readonly label: string;
  readonly mnemonic: string;
  readonly ordinal: number;
  readonly state: Forecast['state'];
  /** How long it took when it last ran, in milliseconds. */
  readonly expectedMs: number | null;
  readonly reason: string;
  readonly causes: readonly Cause[];
}

async function runPlan(call: Call): Promise<number> {
  if (call.operands.length === 0) fail('USAGE', 'dsmb plan needs a target', { hint: 'dsmb list shows the targets' });
  const project = buildable(await openProject(requestOf(call)), call.operands);
  const store = new Store(storeRoot());
  const machine = call.flag('unsandboxed') ? machineIdentity() : undefined;
  const forecaster = new Forecaster(store, storedToolchains(store, project.root), machine);
  const history = openHistory(store, project);
  const past = pastRuns(store, project);
  const graph = graphBelow(project.targets, call.flag('skip-validations'));
  const rows = new Map<ActionNode, Row>();
  for (const action of graph.actions)
    rows.set(action, rowOf(store, project, history, past, action, await forecaster.of(action)));
  store.sources.save();
  const criticalMs = longestWay(graph, rows);
  if (call.flag('json')) printJson({ criticalMs, actions: [...rows.values()] });
  else print([...rows.values()], criticalMs);
  const runs = [...rows.values()].some(({ state }) => state !== 'cached');
  return runs && call.flag('fail-on-run') ? EXIT.buildFailed : EXIT.ok;
}

function rowOf(
  store: Store,
  project: Project,
  history: BuildHistory,
  past: PastRuns,
  action: ActionNode,
  forecast: Forecast,
): Row {
  const { label, mnemonic, ordinal } = action;
  const { state } = forecast;
  const expectedMs = state === 'cached' ? null : (past.of(action)?.durationMs ?? null);
  return { label, mnemonic, ordinal, state, expectedMs, ...why(store, project, history, action, forecast) };
}

function why(
  store: Store,
  project: Project,
  history: BuildHistory,
  action: ActionNode,
  forecast: Forecast,
): Pick<Row, 'reason' | 'causes'> {
  switch (forecast.state) {
    case 'cached':
      return { reason: 'its result is in the store', causes: [] };
    case 'unfetched':
      return { reason: 'the packages of its toolchains must be fetched first', causes: [] };
    case 'unknown':
      return { reason: `input of ${forecast.waitsFor.map((one) => actionId(one)).join(', ')}`, causes: [] };
    case 'runs': {
      const { key, parts } = forecast.planned;
      const before = history.previous(actionId(action));
      if (!before) return { reason: 'it was never built here', causes: [] };
      const [hash = ''] = before.action.key!.split('/');
      if (hash === key.hash && before.action.outcome === 'failed') return { reason: 'it failed last time', causes: [] };
      if (hash === key.hash) return { reason: 'its result is gone from the store', causes: [] };
      const was = readParts(store, project.root, hash);
      if (!was) return { reason: `its key changed since ${before.build.build}`, causes: [] };
      const declared = project.declarationOf(action);
      return { reason: 'because of', causes: locate(explain(store, was, { parts: parts(), declared })) };
    }
  }
}

/** What a machine with any number of processors would need, by past durations, in milliseconds. */
function longestWay(graph: ActionGraph, rows: ReadonlyMap<ActionNode, Row>): number {
  const durationOf = (action: ActionNode): number => rows.get(action)?.expectedMs ?? 0;
  const after = longestAfter(graph, durationOf);
  return graph.actions.reduce((longest, one) => Math.max(longest, durationOf(one) + (after.get(one) ?? 0)), 0);
}

function print(rows: readonly Row[], criticalMs: number): void {
  const paint = palette(process.stdout);
  for (const { label, mnemonic, state, reason, causes, expectedMs } of rows) {
    if (state === 'cached') continue;
    const time = expectedMs === null ? '' : ` ${paint.dim(`(${formatDuration(expectedMs)} last time)`)}`;
    printLine(`${paint.bold(label)} ${mnemonic}: ${state === 'runs' ? 'would run' : 'may run'}${time}, ${reason}`);
    for (const line of causeLines(causes, paint)) printLine(`  ${line}`);
  }
  printLine(summary(rows, criticalMs));
}

function summary(rows: readonly Row[], criticalMs: number): string {
  const count = (...states: readonly Forecast['state'][]): number =>
    rows.filter(({ state }) => states.includes(state)).length;
  const stale = rows.filter(({ state }) => state !== 'cached');
  if (stale.length === 0) return `nothing would run: ${plural(rows.length, 'action')} cached`;
  const known = stale.flatMap(({ expectedMs }) => (expectedMs === null ? [] : [expectedMs]));
  const total = formatDuration(known.reduce((sum, ms) => sum + ms, 0));
  const unknown = stale.length - known.length;
  const time =
    known.length === 0
      ? 'never timed'
      : `${total} of work by past durations, at least ${formatDuration(criticalMs)} in all${unknown > 0 ? `, ${unknown} never timed` : ''}`;
  return `${count('runs')} would run, ${count('unknown', 'unfetched')} may run, ${count('cached')} cached: ${time}`;
}

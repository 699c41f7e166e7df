/** `dsmb why`: what made each action run in the last build, and why the others did not. */
import { Store, storeRoot } from '../../cache/store.ts';
import { fail } from '../model/diagnostic.ts';
import { formatDuration, palette, plural } from '../report/format.ts';
import type { BuildHistory } from '../report/history/history.ts';
import { actionId } from '../model/event.ts';
import type { BuildRecord, RecordedAction } from '../report/history/record.ts';
import { explainAction, whyLines, type Explained } from '../report/why.ts';
import { graphBelow } from '../analysis/targets-below.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject } from '../analysis/project.ts';
import { requestOf, workspaceOf } from './request.ts';
import { openHistory } from './recording.ts';
import { printJson, printLine } from '../report/print.ts';

export const why: Command = {
  name: 'why',
  summary: 'explain why actions ran in the last build, and why others did not',
  usage: '//target… [--since BUILD]',
  examples: [
    ['dsmb why //cloudTarball', 'the last build, with or without a sandbox: what changed, for each action that ran'],
    ['dsmb why //cloudTarball --since 3', 'all that changed in the last three builds'],
    ['dsmb why --builds', 'list the builds that dsmb remembers'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    since: { type: 'string', value: 'BUILD', help: 'compare with this build: its name, or how many builds ago' },
    builds: { type: 'boolean', help: 'list the builds that dsmb remembers' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  run: runWhy,
};

async function runWhy(call: Call): Promise<number> {
  const store = new Store(storeRoot());
  if (call.flag('builds')) return listBuilds(call, store);
  if (call.operands.length === 0) fail('USAGE', 'dsmb why needs a target', { hint: 'dsmb list shows the targets' });
  const project = await openProject(requestOf(call));
  const history = openHistory(store, project);
  const below = graphBelow(project.targets).actions;
  const labels = new Set<string>(below.map(({ label }) => label));
  const last = history.lastOf(labels);
  if (!last) {
    const asked = project.targets.map(({ label }) => label).join(' ');
    return fail('NEVER_BUILT', `${asked} was never built here`, { hint: `dsmb build ${asked}` });
  }
  const since = call.text('since');
  const base = since === undefined ? undefined : history.named(since);
  const explained = eachOnce(last.actions)
    .filter(({ label }) => labels.has(label))
    .sort(byOrder(below.map(actionId)))
    .map((action) => explainAction({ store, root: project.root }, history, latest(history, action, base), last, base));
  if (call.flag('json')) printJson({ build: last.build, since: base?.build ?? null, actions: explained });
  else print(explained, last);
  return EXIT.ok;
}

/** Tests that run several times are in the record as often. What ran once and was found later counts as what ran. */
function eachOnce(actions: readonly RecordedAction[]): RecordedAction[] {
  const found = new Map<string, RecordedAction>();
  for (const action of actions)
    if (action.outcome !== 'cached' || !found.has(actionId(action))) found.set(actionId(action), action);
  return [...found.values()];
}

/** Causes before what they cause. */
function byOrder(ids: readonly string[]): (a: RecordedAction, b: RecordedAction) => number {
  const order = new Map(ids.map((id, index) => [id, index]));
  const place = (action: RecordedAction): number => order.get(actionId(action)) ?? ids.length;
  return (a, b) => place(a) - place(b);
}

/** Of several builds the run counts, and not that it was cached afterwards. */
function latest(history: BuildHistory, action: RecordedAction, base: BuildRecord | undefined): RecordedAction {
  if (!base || action.outcome !== 'cached') return action;
  for (const build of history.newestFirst()) {
    if (build.build <= base.build) break;
    const ran = build.actions.find((one) => actionId(one) === actionId(action) && one.outcome === 'executed');
    if (ran && ran.key === action.key) return ran;
  }
  return action;
}

function print(explained: readonly Explained[], { build, startedAt }: BuildRecord): void {
  const paint = palette(process.stdout);
  printLine(paint.dim(`build ${build}, ${new Date(startedAt).toLocaleString('sv-SE')}`));
  const quiet = explained.filter(({ outcome, change, taken }) => outcome === 'cached' && change === 'equal' && !taken);
  for (const one of explained) if (!quiet.includes(one)) printLine(whyLines(one, paint).join('\n'));
  for (const { label, mnemonic } of quiet)
    printLine(`${label} ${mnemonic}: did not run, its key is the same as before`);
  if (quiet.length === explained.length) printLine(`nothing changed: ${plural(quiet.length, 'action')}`);
}

function listBuilds(call: Call, store: Store): number {
  const history = openHistory(store, { root: workspaceOf(call) });
  const records = [...history.newestFirst()];
  if (call.flag('json')) printJson(records.map(({ actions, ...header }) => ({ ...header, actions: actions.length })));
  else for (const record of records) printLine(buildLine(record));
  return EXIT.ok;
}

function buildLine({ build, asked, success, durationMs, actions }: BuildRecord): string {
  const ran = actions.filter(({ outcome }) => outcome === 'executed').length;
  const end =
    success === undefined ? 'did not end' : `${success ? 'succeeded' : 'failed'} in ${formatDuration(durationMs ?? 0)}`;
  return `${build}  ${end}, ${ran} of ${plural(actions.length, 'action')} ran: ${asked.join(' ')}`;
}

/** `dsmb why`: what made each action run in the last build, and why the others did not. */
import { Store, storeRoot } from '../../cache/store.ts';
import { fail } from '../model/diagnostic.ts';
import { explain, type Cause } from '../report/explain.ts';
import { causeLines, locate } from '../report/causes.ts';
import { formatDuration, palette, plural, type Palette } from '../report/format.ts';
import type { BuildHistory } from '../report/history/history.ts';
import { actionId, type KnownElsewhere, type MadeElsewhere } from '../model/event.ts';
import { changesOf } from '../plan/changes.ts';
import type { BuildRecord, RecordedAction } from '../report/history/record.ts';
import { readParts, type KeptParts } from '../report/kept-parts.ts';
import { actionsBelow } from './below.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject, workspaceOf } from './project.ts';
import { openHistory } from './recording.ts';
import { printJson, printLine } from '../report/print.ts';

export const why: Command = {
  name: 'why',
  summary: 'say what made actions run in the last build, and why others did not',
  usage: '//target… [--since BUILD]',
  examples: [
    ['dsmb why //cloudTarball', 'the last build, with or without a sandbox: what changed, for each action that ran'],
    ['dsmb why //cloudTarball --since 3', 'all that changed in the last three builds'],
    ['dsmb why --builds', 'the builds that are remembered'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    since: { type: 'string', value: 'BUILD', help: 'compare with this build: its name, or how many builds ago' },
    builds: { type: 'boolean', help: 'list the builds that are remembered' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  run: runWhy,
};

/** What became of an action, and why. */
interface Explained {
  readonly label: string;
  readonly mnemonic: string;
  readonly ordinal: number;
  readonly outcome: string;
  readonly durationMs: number;
  readonly key: string | null;
  /** `never`: it was never built here. `unknown`: what the key was made of is gone. `equal`: nothing changed. `forced`: asked for. */
  readonly change: 'never' | 'unknown' | 'equal' | 'changed' | 'forced';
  /** The build that it is compared with. */
  readonly comparedWith?: string;
  /** What it is compared with was made on another machine, and is nearer than what was built here. */
  readonly comparedWithElsewhere?: KnownElsewhere;
  /** Its result was made on another machine. */
  readonly taken?: MadeElsewhere;
  readonly causes: readonly Cause[];
}

async function runWhy(call: Call): Promise<number> {
  const store = new Store(storeRoot());
  if (call.flag('builds')) return listBuilds(call, store);
  if (call.operands.length === 0) fail('USAGE', 'dsmb why needs a target', { hint: 'dsmb list shows the targets' });
  const project = await openProject(call);
  const history = openHistory(store, project);
  const below = actionsBelow(project.targets);
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

function explainAction(
  { store, root }: { readonly store: Store; readonly root: string },
  history: BuildHistory,
  action: RecordedAction,
  last: BuildRecord,
  base: BuildRecord | undefined,
): Explained {
  const { label, mnemonic, ordinal, outcome, durationMs, key, taken } = action;
  const explained = { label, mnemonic, ordinal, outcome, durationMs, key, ...(taken ? { taken } : {}), causes: [] };
  if (action.forced) return { ...explained, change: 'forced' };
  // The build after `base` is where the comparison ends: `base` itself counts.
  const before = history.previous(actionId(action), base ? `${base.build}~` : last.build);
  if (before?.action.key === key && before) return { ...explained, comparedWith: before.build.build, change: 'equal' };
  const partsOf = (of: string | null): KeptParts | undefined =>
    of === null ? undefined : readParts(store, root, hashOf(of));
  const is = partsOf(key);
  const was = before && partsOf(before.action.key);
  const nearer = is && nearest(action.known ?? [], partsOf, is, was);
  if (is && nearer)
    return {
      ...explained,
      change: 'changed',
      comparedWithElsewhere: nearer.known,
      causes: foreignCauses(store, nearer.parts, is),
    };
  if (!before) return { ...explained, change: 'never' };
  const compared = { ...explained, comparedWith: before.build.build };
  if (!was || !is) return { ...compared, change: 'unknown' };
  return { ...compared, change: 'changed', causes: locate(explain(store, was, is)) };
}

/** What another machine has said may be anything. */
function foreignCauses(store: Store, was: KeptParts, is: KeptParts): Cause[] {
  try {
    return locate(explain(store, was, is));
  } catch {
    return [];
  }
}

/** The result of another machine whose key differs in the fewest parts; undefined where what was built here is as near. */
function nearest(
  all: readonly KnownElsewhere[],
  partsOf: (key: string) => KeptParts | undefined,
  is: KeptParts,
  own: KeptParts | undefined,
): { readonly known: KnownElsewhere; readonly parts: KeptParts } | undefined {
  const distance = ({ parts }: KeptParts): number => changesOf(parts, is.parts).length;
  let least = own ? distance(own) : Infinity;
  let found: { readonly known: KnownElsewhere; readonly parts: KeptParts } | undefined;
  for (const known of all) {
    const parts = partsOf(known.key);
    if (!parts || distance(parts) >= least) continue;
    least = distance(parts);
    found = { known, parts };
  }
  return found;
}

function hashOf(key: string): string {
  return key.split('/')[0]!;
}

function print(explained: readonly Explained[], { build, startedAt }: BuildRecord): void {
  const paint = palette(process.stdout);
  printLine(paint.dim(`build ${build}, ${new Date(startedAt).toLocaleString('sv-SE')}`));
  const quiet = explained.filter(({ outcome, change, taken }) => outcome === 'cached' && change === 'equal' && !taken);
  for (const one of explained) if (!quiet.includes(one)) printAction(one, paint);
  for (const { label, mnemonic } of quiet)
    printLine(`${label} ${mnemonic}: did not run, its key is the same as before`);
  if (quiet.length === explained.length) printLine(`nothing changed: ${plural(quiet.length, 'action')}`);
}

function printAction(one: Explained, paint: Palette): void {
  const {
    label,
    mnemonic,
    outcome,
    durationMs,
    change,
    comparedWith,
    comparedWithElsewhere: other,
    taken,
    causes,
  } = one;
  const title = `${paint.bold(label)} ${mnemonic}: ${verdict(outcome, durationMs)}, `;
  if (taken)
    printLine(
      `${title}its result is from ${taken.from}, ${madeBy(taken)}${causes.length > 0 ? ', for what changed:' : ''}`,
    );
  else if (other) printLine(`${title}the nearest result is in ${other.from}, ${madeBy(other)}; what differs is`);
  else printLine(`${title}${reason(outcome, change, comparedWith)}`);
  for (const line of causeLines(causes, paint)) printLine(`  ${line}`);
}

/** On one line, whatever a server has said. */
function madeBy({ worker, endedAt }: MadeElsewhere): string {
  const who = worker.replaceAll(/\s+/g, ' ').slice(0, 100);
  return `made by ${who || 'an unknown machine'} on ${new Date(endedAt).toLocaleString('sv-SE')}`;
}

function verdict(outcome: string, durationMs: number): string {
  switch (outcome) {
    case 'executed':
      return `ran (${formatDuration(durationMs)})`;
    case 'failed':
      return `failed (${formatDuration(durationMs)})`;
    case 'cached':
      return 'did not run';
    default:
      return outcome;
  }
}

function reason(outcome: string, change: Explained['change'], comparedWith = ''): string {
  switch (change) {
    case 'never':
      return outcome === 'cached'
        ? 'the store had its result, though it was never built here'
        : 'it was never built here';
    case 'unknown':
      return `its key changed since ${comparedWith}, but what it was made of is no longer known`;
    case 'equal':
      return outcome === 'executed'
        ? 'though its key is the same: its result was gone from the store, or it had failed'
        : 'its key is the same as before';
    case 'forced':
      return 'as --runs-per-test asks, whatever the cache has';
    case 'changed':
      return outcome === 'cached' ? 'the store had the result for what changed:' : 'because of';
  }
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

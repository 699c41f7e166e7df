/** `dsmb log`: what actions wrote to their standard output and error when they last ran. */
import { readFileSync } from 'node:fs';
import { Store, storeRoot } from '../../cache/store.ts';
import { fail } from '../model/diagnostic.ts';
import { failureLog, logDigest, withoutRecords } from '../report/action-log.ts';
import { formatDuration, palette } from '../report/format.ts';
import type { BuildHistory } from '../report/history/history.ts';
import { actionId } from '../model/event.ts';
import type { BuildRecord, RecordedAction } from '../report/history/record.ts';
import { graphBelow } from '../analysis/targets-below.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject } from '../analysis/project.ts';
import { requestOf, workspaceOf } from './request.ts';
import { openHistory } from './recording.ts';
import { printJson, printLine, printText } from '../report/print.ts';
import { printableLines } from '../report/printable.ts';

export const log: Command = {
  name: 'log',
  summary: 'show the output of the last run of actions, from the cache too',
  usage: '[//target…] [--failed]',
  examples: [
    ['dsmb log', 'of what ran in the last build'],
    ['dsmb log //installedDisk', 'of everything below a target, whenever it ran'],
    ['dsmb log --failed', 'of what failed in the last build'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    failed: { type: 'boolean', help: 'only of actions that failed' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  run: runLog,
};

/** The output of one run. */
interface Logged {
  readonly label: string;
  readonly mnemonic: string;
  readonly ordinal: number;
  readonly outcome: string;
  /** The build in which it ran; null when it ran elsewhere, or too long ago. */
  readonly build: string | null;
  readonly durationMs: number;
  /** Why it failed. */
  readonly error?: string;
  /** Null where it is no longer in the store, or the action writes none. */
  readonly text: string | null;
}

async function runLog(call: Call): Promise<number> {
  const store = new Store(storeRoot());
  const history = openHistory(store, { root: workspaceOf(call) });
  const found = call.operands.length === 0 ? ofLastBuild(history) : await ofTargets(call, history);
  const wanted = found.filter(({ action }) => !call.flag('failed') || action.outcome === 'failed');
  const logs = wanted.map(({ action, build }) => logged(store, action, build));
  if (call.flag('json')) printJson({ actions: logs });
  else logs.forEach(print);
  if (logs.length === 0 && !call.flag('json')) printLine(call.flag('failed') ? 'nothing failed' : 'nothing ran');
  return EXIT.ok;
}

interface Run {
  readonly action: RecordedAction;
  readonly build: BuildRecord | undefined;
}

function ofLastBuild(history: BuildHistory): Run[] {
  const [build] = history.newestFirst();
  if (!build) return fail('NEVER_BUILT', 'nothing was ever built here', { hint: 'dsmb build //target' });
  return build.actions.filter(ran).map((action) => ({ action, build }));
}

async function ofTargets(call: Call, history: BuildHistory): Promise<Run[]> {
  const { targets } = await openProject(requestOf(call));
  const runs = graphBelow(targets).actions.flatMap((action) => lastRun(history, actionId(action)) ?? []);
  const asked = targets.map(({ label }) => label).join(' ');
  return runs.length > 0 ? runs : fail('NEVER_BUILT', `${asked} was never built here`, { hint: `dsmb build ${asked}` });
}

/** The newest record of the action, and the build in which that very key ran. */
function lastRun(history: BuildHistory, id: string): Run | undefined {
  const latest = history.last(id)?.action;
  if (!latest) return undefined;
  for (const build of history.newestFirst()) {
    const action = build.actions.find((one) => ran(one) && one.key === latest.key && actionId(one) === id);
    if (action) return { action, build };
  }
  return { action: latest, build: undefined };
}

function ran({ outcome }: RecordedAction): boolean {
  return outcome === 'executed' || outcome === 'failed';
}

function logged(store: Store, action: RecordedAction, build: BuildRecord | undefined): Logged {
  const { label, mnemonic, ordinal, outcome, durationMs, error } = action;
  const failure = error === undefined ? {} : { error };
  return {
    label,
    mnemonic,
    ordinal,
    outcome,
    build: build?.build ?? null,
    durationMs,
    ...failure,
    text: textOf(store, action),
  };
}

/** The log of a success is a blob of its result; that of a failure is a file, kept with the other evidence. */
function textOf(store: Store, action: RecordedAction): string | null {
  const { outcome, key } = action;
  if (key === null) return null;
  try {
    if (outcome === 'failed') return withoutRecords(readFileSync(failureLog(store, key), 'utf8'));
    const digest = logDigest(store, action);
    return digest ? withoutRecords(store.cas.read(digest).toString()) : null;
  } catch {
    return null;
  }
}

function print({ label, mnemonic, outcome, build, durationMs, text, error }: Logged): void {
  const { bold, dim, red } = palette(process.stdout);
  const verdict = outcome === 'failed' ? red('failed') : build ? 'ran' : 'ran elsewhere';
  const when = build ? dim(` in build ${build}, ${formatDuration(durationMs)}`) : '';
  printLine(
    `${bold(label)} ${mnemonic}: ${verdict}${when}${text === '' ? dim(', no output') : ''}${text === null ? dim(', no output is kept') : ''}`,
  );
  if (error) printLine(red(printableLines(error)));
  if (text) printText(printableLines(text.endsWith('\n') ? text : `${text}\n`));
}

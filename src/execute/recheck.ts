/** Runs finished actions again, and says where what they give differs from what is in the cache. */
import { dirname, join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { removeTree } from '../../cache/files.ts';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import { sameNode, type Node } from '../../cache/tree.ts';
import { compareFiles, formatFinding } from '../compare/index.ts';
import { toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { formatDigest } from '../model/digest.ts';
import type { ActionIdentity, Check, CheckedActions, Listener } from '../model/event.ts';
import { splitLabel, type Label } from '../model/label.ts';
import type { PlannedAction } from '../plan/key.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Machine } from './machine.ts';
import type { Schedule } from './schedule/schedule.ts';
import { clearOutputPlace, outputPlace } from '../load/output-folder.ts';
import { produce } from './action/run-action.ts';
import { temporaryFolder } from './action/temporary-folder.ts';

/** What a check needs of the build. */
export interface CheckSurroundings {
  readonly store: Store;
  readonly machine: Machine;
  readonly schedule: Schedule;
  readonly elsewhere: Elsewhere;
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  /** The targets that were asked for. */
  readonly asked: ReadonlySet<Label>;
  /** Of the workspace, in whose folder of outputs both are laid out for people where they differ. */
  readonly root: string;
  /** How xz is started; undefined for the one on the PATH. */
  readonly xz: readonly string[] | undefined;
}

/** Times are written in steps of up to two seconds (FAT): runs that are closer could agree by chance. */
const APART_MS = 2100;
const SHOWN_DIFFERENCES = 10;

/**
 * Runs each action `times` times, those with one key as one. What may differ is run only where it was asked for: it tells
 * least, and takes longest, as an installation in a virtual machine. Gives a diagnostic for each that differs or fails.
 */
export async function recheck(
  planned: readonly PlannedAction[],
  times: number,
  around: CheckSurroundings,
): Promise<readonly Diagnostic[]> {
  const { schedule, onEvent, asked } = around;
  const byKey = new Map(planned.map((action) => [action.key.hash, action]));
  const processes = [...byKey.values()].filter(({ node }) => node.work.type !== 'write');
  const [checked, leftOut] = split(processes, ({ node }) => node.reproducible || asked.has(node.label));
  checked.sort((a, b) => Number(b.node.reproducible) - Number(a.node.reproducible));
  onEvent({ type: 'checks-started', ...forecast(checked, times, schedule), leftOut: leftOut.map(identityOf) });
  const series = await Promise.all(checked.map((action) => repeat(action, times, around)));
  onEvent({ type: 'checks-finished', ...summed(series, times) });
  return series.flatMap((checks) => checks.flatMap(({ diagnostic }) => diagnostic ?? []));
}

/** Runs an action again until it differs: then there is nothing more to learn. */
async function repeat(action: PlannedAction, times: number, around: CheckSurroundings): Promise<readonly Check[]> {
  const { store, schedule, signal, onEvent } = around;
  const cached = store.actions.get(action.key);
  const checks: Check[] = [];
  if (!cached) return checks;
  await around.elsewhere.bringInputs(action);
  await apart(cached, signal);
  while (checks.length < times && !signal.aborted && (checks.at(-1)?.outcome ?? 'same') === 'same') {
    const which = { run: checks.length + 1, of: times };
    const check = await schedule.run(action.node, 'here', () => checkOnce(action, cached, which, around));
    if (!check) break;
    checks.push(check);
    onEvent({ type: 'check-finished', ...check });
  }
  return checks;
}

function summed(series: readonly (readonly Check[])[], times: number): { runs: number; actions: CheckedActions } {
  const actions = { same: 0, different: 0, declared: 0, failed: 0, unfinished: 0 };
  for (const checks of series) {
    const outcome = checks.at(-1)?.outcome ?? 'same';
    actions[outcome === 'same' && checks.length < times ? 'unfinished' : outcome]++;
  }
  return { runs: series.flat().length, actions };
}

function split<T>(all: readonly T[], belongs: (one: T) => boolean): [T[], T[]] {
  return [all.filter(belongs), all.filter((one) => !belongs(one))];
}

function forecast(checked: readonly PlannedAction[], times: number, schedule: Schedule) {
  const known = checked.flatMap(({ node }) => schedule.pastMs(node) ?? []);
  const expectedMs = times * known.reduce((sum, ms) => sum + ms, 0);
  return {
    actions: checked.length,
    runs: times * checked.length,
    expectedMs,
    untimed: times * (checked.length - known.length),
  };
}

function identityOf({ node: { label, mnemonic, ordinal } }: PlannedAction): ActionIdentity {
  return { label, mnemonic, ordinal };
}

/** Waits until the cached result is old enough. */
async function apart({ startedAt, durationMs }: ResultData, signal: AbortSignal): Promise<void> {
  const madeAgo = Date.now() - (startedAt + durationMs);
  const wait = Math.max(0, Math.min(APART_MS, APART_MS - madeAgo));
  await setTimeout(wait, undefined, { signal }).catch(() => undefined);
}

/** Undefined when the build was ended meanwhile. */
async function checkOnce(
  action: PlannedAction,
  cached: ResultData,
  which: Pick<Check, 'run' | 'of'>,
  around: CheckSurroundings,
): Promise<Check | undefined> {
  const { store, machine, signal, onEvent } = around;
  const identity = identityOf(action);
  const about = { ...identity, key: formatDigest(action.key), ...which };
  try {
    onEvent({ type: 'check-started', ...identity, run: which.run });
    const watcher = { onProgress() {}, onMachine() {}, onUsage() {}, onRetry() {} };
    const again = await produce(store, machine, action, { signal, watcher, withoutMemo: true });
    const different = [...cached.outputs].filter(([path, node]) => !sameNode(node, again.outputs.get(path)!));
    if (different.length === 0) {
      // What an earlier check has left is true no more.
      clearOutputPlace(around.root, keptNames(action.node));
      return { ...about, outcome: 'same', differences: [] };
    }
    return { ...about, ...(await judge(action, different, again.outputs, which, around)) };
  } catch (error) {
    if (signal.aborted) return undefined;
    const { message, ...more } = toDiagnostic(error);
    const diagnostic = { ...more, message: `${message}, when it was run again${ofSeveral(which)}` };
    return { ...about, outcome: 'failed', differences: [], diagnostic };
  }
}

/** Keeps both versions of what differs, and looks where. */
async function judge(
  { node }: PlannedAction,
  different: readonly (readonly [path: string, cached: Node])[],
  again: ReadonlyMap<string, Node>,
  which: Pick<Check, 'run' | 'of'>,
  around: CheckSurroundings,
): Promise<Pick<Check, 'outcome' | 'differences' | 'diagnostic'>> {
  const { store, root, signal, xz } = around;
  const kept = outputPlace(root, keptNames(node));
  const sides = { cached: join(kept, 'cached'), again: join(kept, 'again') };
  const { findings, more } = await store.locks.with(
    `check ${kept}`,
    async () => {
      using scratch = temporaryFolder(store);
      removeTree(kept);
      for (const [path, cached] of different) {
        await layOut(store, cached, join(sides.cached, path.replace(/^out\//, '')), signal);
        await layOut(store, again.get(path)!, join(sides.again, path.replace(/^out\//, '')), signal);
      }
      return await compareFiles(sides.cached, sides.again, {
        limit: SHOWN_DIFFERENCES,
        scratch: scratch.path,
        signal,
        ...(xz ? { xz } : {}),
      });
    },
    { signal },
  );
  const differences = [...findings.map(formatFinding), ...(more ? ['and more'] : [])];
  if (!node.reproducible) return { outcome: 'declared', differences };
  return { outcome: 'different', differences, diagnostic: notReproducible(node, which, differences, sides) };
}

/** Of the folder for both versions of an action's outputs. */
function keptNames({ label, mnemonic, ordinal }: PlannedAction['node']): string[] {
  const { packageName, name } = splitLabel(label);
  const action = mnemonic.replaceAll(/[^\w-]/g, '-');
  const packages = packageName === '' ? [] : packageName.split('/');
  return ['.check', ...packages, name, ordinal === 0 ? action : `${action}-${ordinal}`];
}

function notReproducible(
  { label, mnemonic }: PlannedAction['node'],
  which: Pick<Check, 'run' | 'of'>,
  differences: readonly string[],
  { cached, again }: { readonly cached: string; readonly again: string },
): Diagnostic {
  return {
    code: 'NOT_REPRODUCIBLE',
    message: `${label} (${mnemonic}) gave different outputs when it was run again${ofSeveral(which)}`,
    detail: [...differences, `in the cache: ${cached}`, `run again: ${again}`].join('\n'),
    hint: `dsmb diff ${cached} ${again}`,
  };
}

/** Which run it was, where there may be several. */
function ofSeveral({ run, of }: Pick<Check, 'run' | 'of'>): string {
  return of > 1 ? `, in run ${run} of ${of}` : '';
}

function layOut(store: Store, node: Node, to: string, signal: AbortSignal): Promise<void> {
  mkdirSync(dirname(to), { recursive: true });
  return store.folders.deliver(node, to, signal);
}

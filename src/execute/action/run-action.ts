/** Runs one action: sandbox, process, look at what it left, publish. */
import { hostname } from 'node:os';
import type { ResultData } from '../../../cache/reapi/messages.ts';
import type { Store } from '../../../cache/store.ts';
import { OutOfTime, Turns } from '../../../cache/turns.ts';
import { needsVm } from '../../model/rule.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { EarlyHashes } from './early-hashes.ts';
import { failureOfStep } from '../failure/failed-step.ts';
import { failedAction, lateOutputs, whoIs, withEvidence } from '../failure/failed-action.ts';
import { memoFolder, offerHints } from './hints.ts';
import { readLog } from '../process/log-file.ts';
import { limitsOf } from '../process/limits.ts';
import type { Machine } from '../machine.ts';
import { MOUNTED, publish, requireRoom, type Outputs } from './publish.ts';
import { retried } from '../failure/retried.ts';
import { layOutFolders, sandboxCall, type Grants } from '../sandbox/sandbox.ts';
import type { Sandbox } from '../sandbox/sandboxes.ts';
import type { Call, Exit, RunOptions } from '../process/spawner.ts';
import type { StepRecord } from '../records/step-record.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { unsandboxedCall } from '../sandbox/unsandboxed.ts';
import type { Usage } from '../process/usage.ts';
import { requireDisk } from '../schedule/wanted.ts';

const HOST = hostname();

type MachineShown = StepRecord & { readonly type: 'machine' };

/** Told of an action while it runs. */
export interface RunWatcher {
  onProgress(stage: string, percent: number | undefined): void;
  /** A machine of its step shows something. */
  onMachine(shown: MachineShown): void;
  /** What it took of the machine; not told of short runs. */
  onUsage(usage: Usage): void;
  /** It is about to run for the second or third time, since the machine failed it. */
  onRetry(attempt: number, reason: string): void;
}

/** Runs an action whose result is not in the cache. Its outputs are in the store afterwards, not yet durable. */
export async function runAction(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  signal: AbortSignal,
  watcher: RunWatcher,
): Promise<ResultData> {
  const startedAt = Date.now();
  const start = performance.now();
  const run = (): Promise<Outputs> => produce(store, machine, action, { signal, watcher });
  const isWritten = action.node.work.type === 'write';
  const outputs = isWritten ? written(action) : await retried(action, signal, run, (...why) => watcher.onRetry(...why));
  return {
    ...outputs,
    startedAt,
    durationMs: performance.now() - start,
    worker: await workerOf(machine, action),
  };
}

/** Where and how it ran. */
async function workerOf(machine: Machine, action: PlannedAction): Promise<string> {
  const accelerator = needsVm(action.node.needs) ? [(await machine.kvm(action)) ? 'kvm' : 'tcg'] : [];
  const how = [...accelerator, ...(machine.unsandboxed ? ['unsandboxed'] : [])];
  return how.length === 0 ? HOST : `${HOST} (${how.join(', ')})`;
}

function written({ node, files }: PlannedAction): Outputs {
  const [output] = Object.values(node.outputs);
  return { outputs: new Map([[`out/${output!.name}`, files.get('content')!]]), log: undefined };
}

/** How one run is made. */
export interface OneRun {
  readonly signal: AbortSignal;
  readonly watcher: RunWatcher;
  /** With an empty memo in place of what earlier runs of the step have kept. */
  readonly withoutMemo?: boolean;
}

/** Runs an action once and takes its outputs into the store; the action cache does not hear of it. */
export async function produce(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  { signal, watcher, withoutMemo = false }: OneRun,
): Promise<Outputs> {
  requireDisk(store.root, action.node);
  const kept = memoFolder(store, action);
  using empty = kept !== undefined && withoutMemo ? temporaryFolder(store) : undefined;
  const memo = empty?.path ?? kept;
  using use = memo === undefined ? undefined : machine.memoUsers.enter(memo);
  const early = withoutMemo ? undefined : await machine.headStarts.take(action, memo);
  using sandbox = early?.sandbox ?? machine.sandboxes.layOut(action, machine.unsandboxed ? 'links' : 'mounts');
  const said: (StepRecord & { type: 'diagnostic' })[] = [];
  await offerHints(store, action, sandbox, signal);
  const options: RunOptions = {
    timeoutMs: action.node.timeoutMs,
    limits: limitsOf(action.node.needs),
    signal,
    onRecord: (record) => {
      if (record.type === 'progress') watcher.onProgress(record.stage, record.percent);
      if (record.type === 'machine') watcher.onMachine(record);
      if (record.type === 'diagnostic') said.push(record);
    },
  };
  const start = async (): Promise<Exit> => {
    const call = machine.unsandboxed
      ? unsandboxedCall(store, action, sandbox, memo)
      : await sandboxedCall(store, machine, action, sandbox, memo, signal);
    return machine.spawner.run(call, { ...options, logFile: sandbox.log });
  };
  using hashes = new EarlyHashes(action, sandbox.out);
  const began = performance.now();
  const exit = await (early ? early.held.go(options) : start());
  if (exit.usage) watcher.onUsage(exit.usage);
  const isItsOwn = use?.isAlone() ?? true;
  if (!isItsOwn) sandbox.retire();
  if (exit.code !== 0) {
    requireRoom(whoIs(action), sandbox.out);
    await machine.requireNamespaces(exit, readLog(sandbox.log));
    throw await failedAction(store, machine, action, sandbox, {
      exit,
      said: said[0] && (await failureOfStep(action, said[0])),
    });
  }
  // Outputs may be larger than the action's time is long: taking them in is a part of it.
  const turns = new Turns(signal, began + action.node.timeoutMs);
  const seen = machine.unsandboxed ? sandbox : MOUNTED;
  try {
    const known = isItsOwn ? hashes.digestOf : undefined;
    return await publish(store, action, sandbox, { seen, known, turns, copy: !isItsOwn });
  } catch (error) {
    throw error instanceof OutOfTime ? lateOutputs(action) : withEvidence(store, action, sandbox, error);
  }
}

async function sandboxedCall(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  sandbox: Sandbox,
  memo: string | undefined,
  signal: AbortSignal,
): Promise<Call> {
  const grants: Grants = { kvm: await machine.kvm(action), memo };
  const bubblewrap = await machine.bubblewrap();
  await layOutFolders(store, action, signal);
  const isStep = action.node.work.type === 'step';
  return { ...sandboxCall(store, bubblewrap, { ...action, isStep }, sandbox, grants), isStep };
}

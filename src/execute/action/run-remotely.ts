/** Runs one action on a worker: what it says and how it fails is told as if it had run here. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ran } from '../../../cache/remote/executor.ts';
import type { ResultData } from '../../../cache/reapi/messages.ts';
import type { Store } from '../../../cache/store.ts';
import { toDiagnostic } from '../../model/diagnostic.ts';
import type { PlannedAction } from '../../plan/key.ts';
import type { Elsewhere, SentAction } from '../elsewhere.ts';
import { failedAction } from '../failure/failed-action.ts';
import { failureOfStep } from '../failure/failed-step.ts';
import { sandboxComplaint } from '../failure/machine-fault.ts';
import type { Machine } from '../machine.ts';
import { retried } from '../failure/retried.ts';
import type { RunWatcher } from './run-action.ts';
import type { StepRecord } from '../records/step-record.ts';
import { StepRecords } from '../records/step-records.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { wrappedAction } from './wrapped-action.ts';

/** What running an action remotely needs of the build. */
export interface RemoteSurroundings {
  readonly store: Store;
  readonly machine: Machine;
  readonly elsewhere: Elsewhere;
  readonly signal: AbortSignal;
}

/** Where an action is: while it runs, no more is to be seen of it. */
const STAGES = {
  'sending inputs': 'remote: sending inputs',
  sent: 'remote, no progress reported',
  queued: 'remote: queued',
  running: 'remote: running, no progress reported',
} as const;

/** Runs an action on a worker; undefined where none could, which was said. Its outputs stay where they are. */
export async function runRemotely(
  around: RemoteSurroundings,
  action: PlannedAction,
  watcher: Pick<RunWatcher, 'onProgress' | 'onRetry'>,
): Promise<ResultData | undefined> {
  const { elsewhere, signal, store } = around;
  const startedAt = Date.now();
  const start = performance.now();
  const onRetry = (attempt: number, reason: string): void => watcher.onRetry(attempt, reason);
  const sent = await asSent(around, action);
  const run = async (attempt: number): Promise<ResultData | undefined> => {
    const onStage = (stage: keyof typeof STAGES): void => watcher.onProgress(STAGES[stage], undefined);
    const ran = await elsewhere.run(sent, { anew: attempt > 1, onStage, onRetry, signal });
    if (!ran) return undefined;
    const { log, said } = readSaid(ran.said);
    if (!ran.result) {
      const complaint = sent.runAs && sandboxComplaint(log.toString());
      if (complaint === undefined) throw await failure(around, action, ran, log, said);
      elsewhere.leaveWorkers(`its workers make no sandbox: ${complaint}`);
      return undefined;
    }
    const written = log.length > 0 ? store.cas.put(log) : undefined;
    const times = { startedAt, durationMs: performance.now() - start };
    return { outputs: ran.result.outputs, log: written, ...times, worker: ran.worker };
  };
  const result = await retried(action, signal, run, onRetry).catch((error: unknown) => {
    const { code, message } = toDiagnostic(error);
    if (code !== 'MACHINE_FAULT' || signal.aborted) throw error;
    elsewhere.sayOfWorkers(`${message}; it runs here`);
    return undefined;
  });
  if (result) elsewhere.made(sent, result);
  return result;
}

/** As it is, or with what makes its sandbox. */
async function asSent({ store, machine, elsewhere }: RemoteSurroundings, action: PlannedAction): Promise<SentAction> {
  const { platform } = elsewhere;
  if (!platform) return action;
  return { ...action, runAs: wrappedAction(store, action, { platform, launcher: await machine.sandboxTree() }) };
}

type Said = StepRecord & { type: 'diagnostic' };

/** What a step meant for the engine is among what it wrote. */
function readSaid(bytes: Uint8Array): { readonly log: Buffer; readonly said: Said | undefined } {
  const log: Buffer[] = [];
  const said: Said[] = [];
  const records = new StepRecords(
    (some) => log.push(some),
    (record) => void (record.type === 'diagnostic' && said.push(record)),
  );
  records.write(Buffer.from(bytes));
  records.end();
  return { log: Buffer.concat(log), said: said[0] };
}

async function failure(
  { store, machine }: RemoteSurroundings,
  action: PlannedAction,
  { exitCode, timedOut, worker }: Ran,
  log: Buffer,
  said: Said | undefined,
): Promise<Error> {
  using folder = temporaryFolder(store);
  const sandbox = { log: join(folder.path, 'log'), tmp: join(folder.path, 'tmp') };
  mkdirSync(sandbox.tmp);
  if (log.length > 0) writeFileSync(sandbox.log, log);
  // It looks at the folder.
  return await failedAction(store, machine, action, sandbox, {
    exit: { code: exitCode, signal: null, timedOut },
    said: said && (await failureOfStep(action, said)),
    worker: worker || 'a worker',
  });
}

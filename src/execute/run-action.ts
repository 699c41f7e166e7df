/** Runs one action: sandbox, process, look at what it left, publish. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import { formatDigest } from '../model/digest.ts';
import type { PlannedAction } from '../plan/key.ts';
import { layOut, layOutFolders, sandboxArgv, type Grants, type Sandbox } from './sandbox.ts';
import { offerHints } from './hints.ts';
import type { Machine } from './machine.ts';
import { publish, requireRoom, type Outputs } from './publish.ts';
import type { Exit } from './spawner.ts';

/** What a step says while it runs. */
export type StepRecord =
  | { readonly type: 'progress'; readonly stage: string; readonly percent?: number }
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic };

const LOG_TAIL_LINES = 20;
/** A failed action's files of these kinds in `/tmp` are kept for the reader of the message. */
const EVIDENCE = /\.(log|png|txt)$/;

/** Runs an action whose result is not in the cache, and stores the result. */
export async function runAction(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  signal: AbortSignal,
  onProgress: (stage: string, percent: number | undefined) => void,
): Promise<ResultData> {
  const startedAt = Date.now();
  const start = performance.now();
  const outputs =
    action.node.work.type === 'write'
      ? written(action)
      : await runSandboxed(store, machine, action, signal, onProgress);
  const result: ResultData = {
    ...outputs,
    startedAt,
    durationMs: performance.now() - start,
    worker: `${hostname()}${action.node.needs.vm ? ` (${(await machine.kvm(action)) ? 'kvm' : 'tcg'})` : ''}`,
  };
  await store.cas.settle();
  store.actions.put(action.key, result);
  return result;
}

function written({ node, files }: PlannedAction): Outputs {
  const [output] = Object.values(node.outputs);
  return { outputs: new Map([[`out/${output!.name}`, files.get('content')!]]), log: undefined };
}

async function runSandboxed(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  signal: AbortSignal,
  onProgress: (stage: string, percent: number | undefined) => void,
): Promise<Outputs> {
  const sandbox = layOut(store, action);
  try {
    const said: Diagnostic[] = [];
    const memo = await offerHints(store, action, sandbox);
    const grants: Grants = { kvm: await machine.kvm(action), memo };
    const bubblewrap = await machine.bubblewrap(action);
    await layOutFolders(store, action, signal);
    const exit = await machine.spawner.run(sandboxArgv(store, bubblewrap, action, sandbox, grants), {
      logFile: sandbox.log,
      timeoutMs: action.node.timeoutMs,
      signal,
      onRecord: (text) => {
        const record = parseRecord(text);
        if (record?.type === 'progress') onProgress(record.stage, record.percent);
        if (record?.type === 'diagnostic') said.push(record.diagnostic);
      },
    });
    if (exit.code !== 0) requireRoom(`${action.node.label} (${action.node.mnemonic})`, sandbox.out);
    if (exit.code !== 0) throw failure(store, action, sandbox, exit, said[0]);
    return await publish(store, action, sandbox, machine.spawner, signal);
  } finally {
    sandbox.remove();
  }
}

/** A record of a step; undefined for what is none. */
export function parseRecord(text: string): StepRecord | undefined {
  try {
    return JSON.parse(text) as StepRecord;
  } catch {
    return undefined;
  }
}

/** The error of an action that ended badly, with its log where the message says. */
function failure(
  store: Store,
  action: PlannedAction,
  sandbox: Sandbox,
  exit: Exit,
  said: Diagnostic | undefined,
): Failure {
  const { node, key } = action;
  const kept = keepEvidence(store, action, sandbox);
  const tail = lastLines(sandbox.log);
  const message = said?.message ?? `the command ${describeExit(exit, node.timeoutMs)}`;
  return new Failure({
    code: said?.code ?? (exit.timedOut ? 'ACTION_TIMEOUT' : 'ACTION_FAILED'),
    message: `${node.label} (${node.mnemonic}): ${message}`,
    detail: [
      // The step names files of its sandbox; the reader finds them among what is kept.
      said?.detail?.replaceAll(/\/tmp\/(?:[^\s/]+\/)*/g, `${kept}/`) ?? '',
      `command: ${action.command.argv.join(' ')}`,
      `key: ${formatDigest(key)}`,
      tail && `last lines of its log:\n${tail}`,
      `full log: ${join(kept, 'log')}`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
    ...(said?.hint ? { hint: said.hint } : {}),
  });
}

function describeExit(exit: Exit, timeoutMs: number): string {
  if (exit.error) return `did not start: ${exit.error}`;
  if (exit.timedOut) return `did not end within ${timeoutMs / 1000} s`;
  return exit.signal ? `was ended by ${exit.signal}` : `exited with ${exit.code}`;
}

function keepEvidence(store: Store, { key }: PlannedAction, sandbox: Sandbox): string {
  const folder = join(store.folder('logs'), key.hash.slice(0, 16));
  rmSync(folder, { recursive: true, force: true });
  cpSync(sandbox.log, join(folder, 'log'), { force: true });
  for (const entry of readdirSync(sandbox.tmp, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && EVIDENCE.test(entry.name))
      cpSync(join(entry.parentPath, entry.name), join(folder, entry.name));
  return folder;
}

function lastLines(log: string): string {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  } catch {
    return '';
  }
}

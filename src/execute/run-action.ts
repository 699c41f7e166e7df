/** Runs one action: sandbox, process, look at what it left, publish. */
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import { formatDigest } from '../model/digest.ts';
import type { PlannedAction } from '../plan/key.ts';
import { readLog } from './log-file.ts';
import { layOutFolders, sandboxArgv, type Grants } from './sandbox.ts';
import type { Sandbox } from './sandboxes.ts';
import { memoFolder, offerHints } from './hints.ts';
import type { Machine } from './machine.ts';
import { MOUNTED, publish, requireRoom, type Outputs } from './publish.ts';
import type { Call, Exit, RunOptions } from './spawner.ts';
import { unsandboxedCall } from './unsandboxed.ts';

/** What a step says while it runs. */
export type StepRecord =
  | { readonly type: 'progress'; readonly stage: string; readonly percent?: number }
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic };

const LOG_TAIL_LINES = 20;
/** A failed action's files of these kinds in `/tmp` are kept for the reader of the message. */
const EVIDENCE = /\.(log|png|txt)$/;

/** Runs an action whose result is not in the cache. Its outputs are in the store afterwards, not yet durable. */
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
    action.node.work.type === 'write' ? written(action) : await runCommand(store, machine, action, signal, onProgress);
  return {
    ...outputs,
    startedAt,
    durationMs: performance.now() - start,
    worker: `${hostname()}${action.node.needs.vm ? ` (${(await machine.kvm(action)) ? 'kvm' : 'tcg'})` : ''}`,
  };
}

function written({ node, files }: PlannedAction): Outputs {
  const [output] = Object.values(node.outputs);
  return { outputs: new Map([[`out/${output!.name}`, files.get('content')!]]), log: undefined };
}

async function runCommand(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  signal: AbortSignal,
  onProgress: (stage: string, percent: number | undefined) => void,
): Promise<Outputs> {
  const memo = memoFolder(store, action);
  const early = await machine.headStarts.take(action, memo);
  using sandbox = early?.sandbox ?? machine.sandboxes.layOut(action, machine.unsandboxed ? 'links' : 'mounts');
  const said: Diagnostic[] = [];
  await offerHints(store, action, sandbox, signal);
  const options: RunOptions = {
    timeoutMs: action.node.timeoutMs,
    signal,
    onRecord: (text) => {
      const record = parseRecord(text);
      if (record?.type === 'progress') onProgress(record.stage, record.percent);
      if (record?.type === 'diagnostic') said.push(record.diagnostic);
    },
  };
  const start = async (): Promise<Exit> => {
    const call = machine.unsandboxed
      ? unsandboxedCall(store, action, sandbox, memo)
      : await sandboxedCall(store, machine, action, sandbox, memo, signal);
    return machine.spawner.run(call, { ...options, logFile: sandbox.log });
  };
  const exit = await (early ? early.held.go(options) : start());
  if (exit.code !== 0) {
    requireRoom(`${action.node.label} (${action.node.mnemonic})`, sandbox.out);
    await machine.requireNamespaces(exit, readLog(sandbox.log));
    throw failure(store, action, sandbox, exit, said[0]);
  }
  return publish(store, action, sandbox, machine.unsandboxed ? sandbox : MOUNTED);
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
  return { argv: sandboxArgv(store, bubblewrap, { ...action, isStep }, sandbox, grants) };
}

function parseRecord(text: string): StepRecord | undefined {
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
      tail && `full log: ${join(kept, 'log')}`,
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
  if (existsSync(sandbox.log)) cpSync(sandbox.log, join(folder, 'log'));
  for (const entry of readdirSync(sandbox.tmp, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && EVIDENCE.test(entry.name))
      cpSync(join(entry.parentPath, entry.name), join(folder, entry.name));
  return folder;
}

function lastLines(log: string): string {
  return readLog(log).trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

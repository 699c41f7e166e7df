/** Runs one action: sandbox, process, look at what it left, publish. */
import { cpSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import { pathsBelow } from '../../cache/walk.ts';
import type { ActionNode } from '../analysis/action.ts';
import { Failure, toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { formatDigest } from '../model/digest.ts';
import { modulePath } from '../model/own-files.ts';
import { needsVm } from '../model/rule.ts';
import type { PlannedAction } from '../plan/key.ts';
import { EarlyHashes } from './early-hashes.ts';
import { memoFolder, offerHints } from './hints.ts';
import { readLog } from './log-file.ts';
import { passingFault, PAUSE_MS, TRIES } from './machine-fault.ts';
import type { Machine } from './machine.ts';
import { MOUNTED, publish, requireRoom, type Outputs } from './publish.ts';
import { layOutFolders, sandboxArgv, type Grants } from './sandbox.ts';
import type { Sandbox } from './sandboxes.ts';
import type { Call, Exit, RunOptions } from './spawner.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { undeclaredRead, type Undeclared } from './undeclared.ts';
import { unsandboxedCall } from './unsandboxed.ts';
import type { Usage } from './usage.ts';
import { requireDisk } from './wanted.ts';

/** What a step says while it runs. */
export type StepRecord =
  | { readonly type: 'progress'; readonly stage: string; readonly percent?: number }
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic };

const HOST = hostname();
const LOG_TAIL_LINES = 20;
/** Of steps that met an error of a file or a program, and have no better word for it. */
const VAGUE_CODES: ReadonlySet<string> = new Set(['ENOENT', 'PROGRAM_FAILED', 'STEP_FAILED']);
/** A failed action's files of these kinds in `/tmp` are kept for the reader of the message. */
const EVIDENCE = /\.(log|png|txt)$/;

/** Told of an action while it runs. */
export interface RunWatcher {
  onProgress(stage: string, percent: number | undefined): void;
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
  const outputs =
    action.node.work.type === 'write' ? written(action) : await runPatiently(store, machine, action, signal, watcher);
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

/** What the machine failed in passing is tried again, some times and ever later; nothing else is. */
async function runPatiently(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  signal: AbortSignal,
  watcher: RunWatcher,
): Promise<Outputs> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await produce(store, machine, action, { signal, watcher });
    } catch (error) {
      const { code, message } = toDiagnostic(error);
      if (code !== 'MACHINE_FAULT' || attempt === TRIES || signal.aborted) throw error;
      watcher.onRetry(attempt + 1, message.replace(`${whoIs(action)}: `, ''));
      await sleep(PAUSE_MS * 2 ** (attempt - 1), undefined, { signal }).catch(() => {});
    }
  }
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
  const early = withoutMemo ? undefined : await machine.headStarts.take(action, memo);
  using sandbox = early?.sandbox ?? machine.sandboxes.layOut(action, machine.unsandboxed ? 'links' : 'mounts');
  const said: Diagnostic[] = [];
  await offerHints(store, action, sandbox, signal);
  const options: RunOptions = {
    timeoutMs: action.node.timeoutMs,
    signal,
    onRecord: (text) => {
      const record = parseRecord(text);
      if (record?.type === 'progress') watcher.onProgress(record.stage, record.percent);
      if (record?.type === 'diagnostic') said.push(record.diagnostic);
    },
  };
  const start = async (): Promise<Exit> => {
    const call = machine.unsandboxed
      ? unsandboxedCall(store, action, sandbox, memo)
      : await sandboxedCall(store, machine, action, sandbox, memo, signal);
    return machine.spawner.run(call, { ...options, logFile: sandbox.log });
  };
  using hashes = new EarlyHashes(action, sandbox.out);
  const exit = await (early ? early.held.go(options) : start());
  if (exit.usage) watcher.onUsage(exit.usage);
  if (exit.code !== 0) {
    requireRoom(whoIs(action), sandbox.out);
    await machine.requireNamespaces(exit, readLog(sandbox.log));
    throw await failure(store, machine, action, sandbox, exit, said[0] && ofStep(action, said[0]));
  }
  try {
    return publish(store, action, sandbox, machine.unsandboxed ? sandbox : MOUNTED, hashes.digestOf);
  } catch (error) {
    throw withEvidence(store, action, sandbox, error);
  }
}

/** An action that ended well without giving what it declares: what it said is all that tells why. */
function withEvidence(store: Store, action: PlannedAction, sandbox: Sandbox, error: unknown): unknown {
  if (!(error instanceof Failure) || !error.diagnostic.code.startsWith('OUTPUT_')) return error;
  const lines = [error.diagnostic.detail ?? '', ...evidence(action, sandbox, keepEvidence(store, action, sandbox))];
  return new Failure({ ...error.diagnostic, detail: lines.filter((line) => line !== '').join('\n') });
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

/** A record of a step; undefined for what is none. */
export function parseRecord(text: string): StepRecord | undefined {
  try {
    return JSON.parse(text) as StepRecord;
  } catch {
    return undefined;
  }
}

/** What a step did not mean to throw is a defect of the step, and not of the engine. */
function ofStep({ node: { work } }: PlannedAction, said: Diagnostic): Diagnostic {
  if (said.code !== 'INTERNAL' || work.type !== 'step') return said;
  const module = relative(process.cwd(), modulePath(work.module));
  return { ...said, code: 'STEP_FAILED', message: `the step threw: ${said.message}`, hint: `the step is ${module}` };
}

/** The error of an action that ended badly, with its log where the message says. */
async function failure(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  sandbox: Sandbox,
  exit: Exit,
  said: Diagnostic | undefined,
): Promise<Failure> {
  const { node } = action;
  const kept = keepEvidence(store, action, sandbox);
  const tail = lastLines(sandbox.log);
  const fault = passingFault(exit, tail, said);
  const elsewhere = fault ? undefined : await lookedElsewhere(machine, action, said, tail);
  const ended = fault ?? said?.message ?? `the command ${describeExit(exit, node.timeoutMs)}`;
  const saidHint = fault
    ? 'run the same command again when the machine has less to do'
    : (said?.hint ?? timeoutHint(exit, node));
  const { code, message = ended, hint = saidHint, ...more } = elsewhere ?? {};
  return new Failure({
    code: fault ? 'MACHINE_FAULT' : (code ?? said?.code ?? (exit.timedOut ? 'ACTION_TIMEOUT' : 'ACTION_FAILED')),
    message: `${whoIs(action)}: ${message}`,
    detail: [
      message === ended ? '' : ended,
      // The step names files of its sandbox; the reader finds them among what is kept.
      said?.detail?.replaceAll(/\/tmp\/(?:[^\s/]+\/)*/g, `${kept}/`) ?? '',
      ...evidence(action, sandbox, kept),
    ]
      .filter((line) => line !== '')
      .join('\n'),
    ...more,
    ...(hint ? { hint } : {}),
  });
}

/** What was run, and the end of what it said; empty lines where it said nothing. */
function evidence({ command, key }: PlannedAction, sandbox: Sandbox, kept: string): string[] {
  const tail = lastLines(sandbox.log);
  return [
    `command: ${command.argv.join(' ')}`,
    `key: ${formatDigest(key)}`,
    tail && `last lines of its log:\n${tail}`,
    tail && `full log: ${join(kept, 'log')}`,
  ];
}

function whoIs({ node }: PlannedAction): string {
  return `${node.label} (${node.mnemonic})`;
}

/** What a failed action looked for and is not given. A step that says of itself what is wrong is believed. */
async function lookedElsewhere(
  machine: Machine,
  { node }: PlannedAction,
  said: Diagnostic | undefined,
  log: string,
): Promise<Partial<Undeclared> | undefined> {
  if (said && !VAGUE_CODES.has(said.code)) return undefined;
  const text = [said?.message, said?.detail, log].join('\n');
  const found = undeclaredRead(node, text, (path) => machine.toolchainWith(path));
  if (!found?.attribute) return found;
  const { atAttribute } = await import('../load/source.ts');
  return atAttribute(found);
}

/** Which limit it was, and where it is set. */
function timeoutHint(exit: Exit, { mnemonic, target }: ActionNode): string | undefined {
  if (!exit.timedOut) return undefined;
  const attribute = Object.keys(target.attributes).find((name) => /timeout/i.test(name));
  const given = attribute ? `; the attribute '${attribute}' is given in the build file` : '';
  return `the limit is timeoutMs of the action ${mnemonic}, declared by the rule ${target.rule.name}${given}`;
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
  for (const path of pathsBelow(sandbox.tmp))
    if (EVIDENCE.test(path) && lstatSync(path).isFile()) cpSync(path, join(folder, basename(path)));
  return folder;
}

function lastLines(log: string): string {
  return readLog(log).trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

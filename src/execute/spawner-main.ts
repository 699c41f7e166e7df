/** The helper process that starts actions, so that the process that holds the graph never forks. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { openForBubblewrap } from './bubblewrap-files.ts';
import { endOrphans, endProcess } from './end-process.ts';
import { endSandbox, SANDBOX_RUNS_ON } from './first-process.ts';
import { closeInherited } from './inherited.ts';
import { LogFile } from './log-file.ts';
import type { SpawnAnswer, SpawnRequest } from './spawner.ts';
import { StepRecords } from './step-records.ts';
import { UsageMeter } from './usage.ts';

interface Running {
  readonly child: ChildProcess;
  /** It leads a process group. */
  readonly group: boolean;
  /** Begins its time. */
  readonly limit: (ms: number) => void;
}

const running = new Map<number, Running>();

closeInherited();

process.on('message', (request: SpawnRequest) => {
  if (request.type === 'spawn') start(request);
  else if (request.type === 'go') go(request);
  else end(running.get(request.id));
});
// The builder is gone: so is everything that it started.
process.on('disconnect', () => {
  for (const one of running.values()) end(one);
  process.exit(1);
});
// Ctrl-C reaches the whole process group; the builder decides what it means.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

type Start = SpawnRequest & { type: 'spawn' };

function start(request: Start): void {
  const { id, argv, group = false, isStep = false, bubblewrap, logFile, timeoutMs } = request;
  const child = tryToStart(request);
  if (!child) return;
  const log = new LogFile(logFile);
  // It may have ended before it could be told to go on.
  child.stdin?.on('error', () => {});
  let timedOut = false;
  let timer: NodeJS.Timeout | undefined;
  const limit = (ms: number): void => {
    timer = setTimeout(() => {
      timedOut = true;
      end({ child, group });
    }, ms);
  };
  if (timeoutMs !== undefined) limit(timeoutMs);
  const write = (chunk: Buffer): void => log.write(chunk);
  running.set(id, { child, group, limit });
  const meter = child.pid === undefined ? undefined : new UsageMeter(child.pid);
  child.stdout?.on('data', write);
  const records = isStep ? new StepRecords(write, (record) => answer({ type: 'record', id, record })) : undefined;
  child.stderr?.on('data', (chunk: Buffer) => (records ? records.write(chunk) : write(chunk)));
  child.on('error', (error) => finish({ type: 'exit', id, code: null, signal: null, timedOut, error: error.message }));
  let isOver = Promise.resolve(true);
  child.on('exit', (_code, signal) => {
    if (group) endGroup(child);
    else if (signal !== null) endOrphans(argv);
    if (bubblewrap) isOver = endSandbox(bubblewrap.status);
  });
  child.on('close', (code, signal) => {
    const result = { type: 'exit', id, code, signal, timedOut } as const;
    void isOver.then((over) => finish(over ? result : { ...result, error: SANDBOX_RUNS_ON }));
  });

  function finish(result: SpawnAnswer & { type: 'exit' }): void {
    clearTimeout(timer);
    const usage = meter?.end();
    if (!running.delete(id)) return;
    records?.end();
    log.close();
    answer(usage ? { ...result, usage } : result);
  }
}

/** What it needs may be gone, or there may be too many open files. */
function tryToStart(request: Start): ChildProcess | undefined {
  try {
    return startProcess(request);
  } catch (error) {
    const { message } = error as Error;
    answer({ type: 'exit', id: request.id, code: null, signal: null, timedOut: false, error: message });
    return undefined;
  }
}

function startProcess({ argv, env = {}, cwd, group = false, bubblewrap, timeoutMs }: Start): ChildProcess {
  const [program = '', ...args] = argv;
  using files = bubblewrap && openForBubblewrap(bubblewrap);
  const input = timeoutMs === undefined ? 'pipe' : (files?.input ?? 'ignore');
  const stdio: StdioOptions = [input, 'pipe', 'pipe', ...(files?.descriptors ?? [])];
  return spawn(program, args, { stdio, env, cwd, detached: group });
}

/** Lets a process that waits go on. */
function go({ id, timeoutMs }: SpawnRequest & { type: 'go' }): void {
  const one = running.get(id);
  one?.limit(timeoutMs);
  one?.child.stdin?.end('\n');
}

/** No longer the child's own process once it has ended: its number may be another's. */
function end(one: Pick<Running, 'child' | 'group'> | undefined): void {
  const { child, group } = one ?? {};
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (group) endGroup(child);
  else endProcess(child.pid);
}

/** Also what its leader left running: the group keeps the number taken. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** The builder may be gone already. That ends this process as soon as it is noticed, and is nothing to complain about. */
function answer(message: SpawnAnswer): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

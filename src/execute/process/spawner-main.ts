/** The helper process that starts actions, so that the process that holds the graph never forks. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openForBubblewrap } from '../sandbox/bubblewrap-files.ts';
import { endOrphans, endProcess } from './end-process.ts';
import { endSandbox, SANDBOX_RUNS_ON } from './first-process.ts';
import { closeInherited } from '../sandbox/inherited.ts';
import { diskExcess, excessOf, type Excess, type Limits } from './limits.ts';
import { LogFile } from './log-file.ts';
import type { Bounds, SpawnAnswer, SpawnRequest } from './spawner.ts';
import { StepRecords } from '../records/step-records.ts';
import { UsageMeter, type Taken } from './usage.ts';

interface Running {
  readonly child: ChildProcess;
  /** It leads a process group. */
  readonly group: boolean;
  /** Begins its time, and sets its limits. */
  readonly bound: (bounds: Bounds) => void;
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
beFirstToGo();
// Ctrl-C reaches the whole process group; the builder decides what it means.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

/** When memory runs out, the kernel ends what an action runs, which inherits this, before anything else of the user. */
function beFirstToGo(): void {
  try {
    // Between -1000 and 1000, see proc(5).
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch {
    // A container may forbid it, or have a higher one.
  }
}

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
  let limits: Limits | undefined;
  const bound = (bounds: Bounds): void => {
    limits = bounds.limits;
    timer = setTimeout(() => {
      timedOut = true;
      end({ child, group });
    }, bounds.timeoutMs);
  };
  if (timeoutMs !== undefined) bound({ timeoutMs, limits: request.limits });
  const write = (chunk: Buffer): void => log.write(chunk);
  running.set(id, { child, group, bound });
  let excess: Excess | undefined;
  const onLook = (taken: Taken): void => {
    if (!limits || excess || hasEnded(child)) return;
    excess = excessOf(taken, limits) ?? diskExcess(dirname(logFile));
    if (excess) end({ child, group });
  };
  const meter = child.pid === undefined ? undefined : new UsageMeter(child.pid, onLook);
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
    answer({ ...result, ...(excess ? { excess } : {}), ...(usage ? { usage } : {}) });
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
function go({ id, ...bounds }: SpawnRequest & { type: 'go' }): void {
  const one = running.get(id);
  one?.bound(bounds);
  one?.child.stdin?.end('\n');
}

/** No longer the child's own process once it has ended: its number may be another's. */
function end(one: Pick<Running, 'child' | 'group'> | undefined): void {
  const { child, group } = one ?? {};
  if (child?.pid === undefined || hasEnded(child)) return;
  if (group) endGroup(child);
  else endProcess(child.pid);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
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

/** The helper process that starts actions, so that the process that holds the graph never forks. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { endOrphans, endProcess } from './end-process.ts';
import { recordSplitter } from './record-splitter.ts';
import type { SpawnAnswer, SpawnRequest } from './spawner.ts';

const MAX_LOG_BYTES = 64 * 1024 * 1024;

const running = new Map<number, ChildProcess>();

process.on('message', (request: SpawnRequest) => {
  if (request.type === 'spawn') start(request);
  else end(running.get(request.id));
});
// The builder is gone: so is everything that it started.
process.on('disconnect', () => {
  for (const child of running.values()) end(child);
  process.exit(1);
});
// Ctrl-C reaches the whole process group; the builder decides what it means.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

function start({ id, argv, logFile, timeoutMs }: SpawnRequest & { type: 'spawn' }): void {
  const [program = '', ...args] = argv;
  const log = createWriteStream(logFile, { mode: 0o644 });
  // A full disk takes the log, and not the helper with all that it runs.
  log.on('error', () => {});
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  let timedOut = false;
  let logged = 0;
  const timer = setTimeout(() => {
    timedOut = true;
    end(child);
  }, timeoutMs);
  const write = (chunk: Buffer): void => {
    if (logged < MAX_LOG_BYTES) log.write(chunk);
    logged += chunk.length;
  };
  running.set(id, child);
  child.stdout.on('data', write);
  child.stderr.on(
    'data',
    recordSplitter(write, (text) => answer({ type: 'record', id, text })),
  );
  child.on('error', (error) => finish({ type: 'exit', id, code: null, signal: null, timedOut, error: error.message }));
  child.on('exit', (_code, signal) => {
    if (signal !== null) endOrphans(argv);
  });
  child.on('close', (code, signal) => finish({ type: 'exit', id, code, signal, timedOut }));

  function finish(result: SpawnAnswer): void {
    clearTimeout(timer);
    if (!running.delete(id)) return;
    log.end(() => answer(result));
  }
}

/** No longer the child's own process once it has ended: its number may be another's. */
function end(child: ChildProcess | undefined): void {
  if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) endProcess(child.pid);
}

function answer(message: SpawnAnswer): void {
  if (process.connected) process.send?.(message);
}

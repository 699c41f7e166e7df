/** What an action may take, and that one which takes more is ended and says so. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeExcess, excessOf, limitsOf, type Limits } from './limits.ts';
import { Spawner } from './spawner.ts';

const MACHINE_MIB = 10_000;

describe('limits', () => {
  it('are what the machine has, or four times what the rule says', () => {
    const memory = (memoryMiB?: number) =>
      limitsOf(memoryMiB === undefined ? {} : { memoryMiB }, MACHINE_MIB).memoryMiB;
    expect([memory(), memory(2000), memory(10), memory(50_000)]).toEqual([9000, 8000, 4096, 9000]);
  });

  it('are exceeded by more than they say', () => {
    const limits: Limits = { memoryMiB: 100, processes: 10 };
    expect(excessOf({ memoryMiB: 100, processes: 10 }, limits)).toBeUndefined();
    expect(describeExcess(excessOf({ memoryMiB: 100.5, processes: 10 }, limits)!)).toBe(
      'took 101 MiB of memory, and may take 100 MiB',
    );
    expect(describeExcess(excessOf({ memoryMiB: 101, processes: 11 }, limits)!)).toBe(
      'had 11 processes and threads, and may have 10',
    );
  });
});

describe('a process that takes too much', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-limits-'));
  let spawner: Spawner;
  beforeEach(() => (spawner = new Spawner()));
  afterEach(() => spawner[Symbol.dispose]());
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (argv: readonly string[], limits: Limits) =>
    spawner.run(
      { argv, group: true },
      { timeoutMs: 60_000, limits, signal: new AbortController().signal, logFile: join(folder, 'log') },
    );

  it('of memory is ended', async () => {
    const script = 'globalThis.kept = Buffer.alloc(300 * 2 ** 20, 1); setInterval(() => {}, 1000)';
    const exit = await run([process.execPath, '--eval', script], { memoryMiB: 256, processes: 100 });
    expect(exit).toMatchObject({ code: null, timedOut: false, excess: { of: 'memory', limit: 256 } });
  });

  it('of processes is ended', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait';
    const exit = await run(['/bin/sh', '-c', script], { memoryMiB: 1000, processes: 5 });
    expect(exit).toMatchObject({ code: null, timedOut: false, excess: { of: 'processes', taken: 9, limit: 5 } });
  });

  it('is not ended while it takes less', async () => {
    const exit = await run(['/bin/sh', '-c', 'sleep 0.6'], { memoryMiB: 1000, processes: 5 });
    expect(exit).toMatchObject({ code: 0 });
  });
});

/** Ending processes: nothing stays, whenever the end comes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { endOrphans, endProcess } from './end-process.ts';

/** A shell whose child would outlive it: like bubblewrap's before it is set up. */
function startWithChild(): ChildProcess {
  return spawn('/bin/sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
}

function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** A killed process closes its files first: for a moment after its pipe has ended it is still to be seen. */
async function expectGone(pid: number): Promise<void> {
  await expect.poll(() => runs(pid), { timeout: 10_000 }).toBe(false);
}

describe('ending a process', () => {
  it('ends its children too', async () => {
    const parent = startWithChild();
    const [line] = (await once(parent.stdout!, 'data')) as [Buffer];
    const child = Number(line);
    expect(runs(child)).toBe(true);
    endProcess(parent.pid!);
    // The pipe closes only when nobody holds it any more.
    expect(await once(parent, 'close')).toEqual([null, 'SIGKILL']);
    await expectGone(child);
  });

  it('leaves nothing, even while it is being started', async () => {
    for (let round = 0; round < 20; round++) {
      const parent = startWithChild();
      await new Promise((resolve) => setTimeout(resolve, round % 7));
      endProcess(parent.pid!);
      expect(await once(parent, 'close')).toEqual([null, 'SIGKILL']);
    }
  });

  it('that is gone does nothing', async () => {
    const parent = spawn('/bin/true', { stdio: 'ignore' });
    await once(parent, 'close');
    expect(() => endProcess(parent.pid!)).not.toThrow();
  });
});

describe('a process that somebody else has killed', () => {
  it('leaves no child with its command line behind', async () => {
    const argv = ['/bin/sh', '-c', `(while :; do :; done) & echo $!; wait # ${crypto.randomUUID()}`];
    const parent = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(parent.stdout!, 'data')) as [Buffer];
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(runs(Number(line))).toBe(true);
    endOrphans(argv);
    await once(parent, 'close');
    await expectGone(Number(line));
  });
});

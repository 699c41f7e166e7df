/** What real processes take. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { UsageMeter, type Usage } from './usage.ts';

const MIB = 2 ** 20;

/** What a Node took that runs a script, by a look that came after it had said that it is done. */
async function measured(script: string): Promise<Usage | undefined> {
  const child = start(`${script}; process.stdout.write("done")`);
  let looked = Promise.withResolvers<void>();
  const meter = new UsageMeter(child.pid!, () => looked.resolve());
  await once(child.stdout, 'data');
  looked = Promise.withResolvers();
  await looked.promise;
  return endOf(child, meter);
}

function start(script: string) {
  const wrapped = `"$0" -e '${script}; process.stdin.resume()'; true`;
  return spawn('sh', ['-c', wrapped, process.execPath], { stdio: ['pipe', 'pipe', 'ignore'] });
}

async function endOf(child: ReturnType<typeof start>, meter: UsageMeter): Promise<Usage | undefined> {
  const usage = meter.end();
  child.stdin.end();
  await once(child, 'exit');
  return usage;
}

describe('the usage of a process', () => {
  it('counts what its children take', async () => {
    const usage = await measured(`const held = Buffer.alloc(300 * ${MIB}, 1); process.stdin.on("end", () => held)`);
    expect(usage!.memoryMiB).toBeGreaterThan(300);
    expect(usage!.memoryMiB).toBeLessThan(600);
    expect(usage!.cpus).toBeLessThan(2);
  });

  it('counts processors that are kept busy', async () => {
    const usage = await measured('const end = Date.now() + 2200; while (Date.now() < end);');
    expect(usage!.cpus).toBeGreaterThan(0.05);
  });

  it('is not looked at for a short time', async () => {
    const child = start('1');
    const meter = new UsageMeter(child.pid!);
    await sleep(20);
    expect(await endOf(child, meter)).toBeUndefined();
  });
});

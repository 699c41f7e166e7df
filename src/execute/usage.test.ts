/** What real processes take. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { UsageMeter, type Usage } from './usage.ts';

const MIB = 2 ** 20;

async function measured(script: string, ms: number): Promise<Usage | undefined> {
  const child = spawn('sh', ['-c', `"$0" -e '${script}'; true`, process.execPath], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const meter = new UsageMeter(child.pid!);
  await sleep(ms);
  const usage = meter.end();
  child.stdin.end();
  await once(child, 'exit');
  return usage;
}

describe('the usage of a process', () => {
  it('counts what its children take', async () => {
    const usage = await measured(
      `const held = Buffer.alloc(300 * ${MIB}, 1); process.stdin.on("end", () => held).resume()`,
      2500,
    );
    expect(usage!.memoryMiB).toBeGreaterThan(300);
    expect(usage!.memoryMiB).toBeLessThan(600);
    expect(usage!.cpus).toBeLessThan(2);
  });

  it('counts processors that are kept busy', async () => {
    const usage = await measured('const end = Date.now() + 2200; while (Date.now() < end);', 2000);
    expect(usage!.cpus).toBeGreaterThan(0.05);
  });

  it('is not looked at for a short time', async () => {
    expect(await measured('1', 20)).toBeUndefined();
  });
});

import { runStepHere } from 'dsmb/testing';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import step from './initrd.step.ts';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'debian-initrd-'));
  const kernel = Buffer.alloc(4096);
  kernel.write('HdrS', 0x202);
  kernel.writeUInt16LE(0x100, 0x20e);
  kernel.write('6.1.0-50-amd64 (somebody) #1', 0x300);
  await writeFile(at('kernel'), kernel);
  await writeFile(at('initrd'), 'of Debian');
  await writeFile(at('system'), ', and ours');
});
afterAll(() => rm(folder, { recursive: true }));

function joined(version: string): Promise<unknown> {
  const inputs = { kernel: at('kernel'), initrd: at('initrd'), system: at('system') };
  return runStepHere(step, { args: { version }, inputs, outputs: { initrd: at('out') }, scratch: folder });
}

it('the archive stands behind the initrd', async () => {
  await joined('6.1.0-50-amd64');
  expect(await readFile(at('out'), 'utf8')).toBe('of Debian, and ours');
});

it('drivers for another kernel are refused', async () => {
  await expect(joined('6.1.0-49-amd64')).rejects.toMatchObject({ diagnostic: { code: 'DRIVER_KERNEL_MISMATCH' } });
});

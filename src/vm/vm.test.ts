/** The driver against real machines that run nothing but a boot sector. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRecord } from '../execute/records/step-record.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import { bootSector, HELLO, type Ending } from './boot-sector.ts';
import { canary } from './accelerator.ts';
import type { MachineRecord } from './showing.ts';
import { startVm, type Vm, type VmOptions } from './vm.ts';

const QEMU = 'qemu-system-x86_64';

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vm-test-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function boot(ending: Ending, text?: string, more: Partial<VmOptions> = {}): Promise<Vm> {
  const file = join(scratch, `${ending}.img`);
  await writeFile(file, bootSector(text, ending));
  const disk = { file, format: 'raw', interface: 'ide', slot: 'hda', snapshot: true, bootIndex: 0 } as const;
  const logFile = join(scratch, `${ending}.log`);
  return startVm({ memoryMiB: 16, accelerator: 'tcg', disks: [disk], logFile, scratch, ...more });
}

async function diagnosticOf(promise: Promise<unknown>): Promise<Diagnostic> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error.diagnostic;
  throw new Error(`expected a failure, got ${String(error)}`);
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe('a virtual machine', () => {
  it('shows its console, which is logged too', async () => {
    await using vm = await boot('halt');
    await vm.waitForConsoleText(HELLO, 10_000);
    // QEMU writes what the guest said to the console first, to the log then.
    await expect.poll(() => readFile(join(scratch, 'halt.log'), 'utf8')).toContain(HELLO);
  });

  it('tells whoever follows what its screen and its console show', async () => {
    const SOON = { timeout: 20_000 };
    const told: MachineRecord[] = [];
    await using _vm = await boot('halt', HELLO, { tell: (record) => told.push(record) });
    await expect.poll(() => told.map(({ console = '' }) => console).join(''), SOON).toContain(HELLO);
    const pictures = () => told.flatMap(({ picture }) => picture ?? []);
    await expect.poll(pictures, SOON).not.toEqual([]);
    const record = told.find(({ picture }) => picture !== undefined);
    // As the engine takes it.
    expect(parseRecord(JSON.stringify(record))).toEqual(record);
  });

  it('tells which of several texts came first', async () => {
    await using vm = await boot('halt', 'one\ntwo\n');
    const found = await vm.waitForConsole({ bad: 'two', ok: /o(n)e/ }, 10_000);
    expect(found).toEqual({ name: 'ok', groups: ['one', 'n'] });
    expect((await vm.waitForConsoleText(/\w+\n/, 10_000)).groups).toEqual(['two\n']);
  });

  it('fails at the deadline with the console, the log and a picture', async () => {
    await using vm = await boot('halt');
    await vm.waitForConsoleText(HELLO, 10_000);
    const { code, detail } = await diagnosticOf(vm.waitForConsoleText('never', 100));
    expect(code).toBe('VM_TIMEOUT');
    expect(detail).toContain(HELLO);
    expect(detail).toContain('halt.log');
    const picture = await readFile(join(scratch, 'failure.png'));
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
  });

  it('fails at once when the machine ends', async () => {
    const debugExit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
    await using vm = await boot('exit', 'bye', { extraArguments: debugExit });
    const { code, message } = await diagnosticOf(vm.waitForConsoleText('never', 10_000));
    expect(code).toBe('VM_EXITED');
    expect(message).toContain('status 33');
    expect(await vm.waitForExit(1000)).toEqual({ status: 33, signal: null });
  });

  it('fails at once when a kernel panics', async () => {
    await using vm = await boot('halt', 'Kernel panic - not syncing: no init\n');
    expect((await diagnosticOf(vm.waitForConsoleText('never', 10_000))).code).toBe('VM_PANIC');
  });

  it('counts the resets of the guest', async () => {
    await using vm = await boot('reset');
    await vm.waitForReset(10_000);
    await vm.waitForReset(10_000);
    expect(vm.resets).toBeGreaterThanOrEqual(2);
  });

  it('forwards a port and knows that nobody answers', async () => {
    await using vm = await boot('halt', 'x', { nics: [{ mac: '52:54:00:12:34:56', forwards: [5000] }] });
    expect(vm.port(5000)).toBeGreaterThan(1023);
    expect((await diagnosticOf(vm.waitForHttp(5000, '/', 300))).code).toBe('VM_TIMEOUT');
    expect(() => vm.port(80)).toThrow('not forwarded');
  });

  it('presses keys', async () => {
    await using vm = await boot('halt');
    await vm.waitForConsoleText(HELLO, 10_000);
    await vm.sendKeys('ret', 'ctrl-alt-delete');
    await vm.waitForReset(10_000, 0);
    expect((await diagnosticOf(vm.sendKeys('a b'))).code).toBe('VM_KEY');
  });

  it('ends by force where the guest ignores the power button', async () => {
    await using vm = await boot('halt');
    await vm.waitForConsoleText(HELLO, 10_000);
    expect(await vm.powerDown(100)).toBe('forced');
    expect(isAlive(vm.pid ?? 0)).toBe(false);
  });

  it('says what QEMU said when it does not start', async () => {
    const { code, detail } = await diagnosticOf(boot('halt', '', { cpu: 'no-such-cpu' }));
    expect(code).toBe('VM_START');
    expect(detail).toContain('no-such-cpu');
  });

  it('says when there is no QEMU', async () => {
    expect((await diagnosticOf(boot('halt', '', { command: ['/no/such/qemu'] }))).code).toBe('VM_START');
  });

  it('is gone after disposal, and when its parent is killed', async () => {
    const vm = await boot('halt');
    const pid = vm.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    await vm[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);

    const orphan = await orphanedQemu();
    expect(orphan).toBeGreaterThan(0);
    await expect.poll(() => isAlive(orphan), { timeout: 5000 }).toBe(false);
  });
});

/** Starts a process that starts a machine, kills the process without warning, and gives the machine's process id. */
async function orphanedQemu(): Promise<number> {
  const script = join(scratch, 'parent.ts');
  const options = { memoryMiB: 16, accelerator: 'tcg', logFile: join(scratch, 'orphan.log'), scratch };
  await writeFile(
    script,
    `import { startVm } from ${JSON.stringify(new URL('./vm.ts', import.meta.url).href)};
     const vm = await startVm(${JSON.stringify(options)});
     process.stdout.write(String(vm.pid));`,
  );
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
  parent.kill('SIGKILL');
  return Number(pid.toString());
}

it('the canary runs under TCG', async () => {
  const file = join(scratch, 'canary.img');
  const { disk, args, expectedStatus } = canary('tcg', file);
  await writeFile(file, disk);
  expect(spawnSync(QEMU, args).status).toBe(expectedStatus);
});

it('the canary is no answer of a machine that crawls: it runs many instructions, which take longer there than it may', async () => {
  const file = join(scratch, 'crawling.img');
  const { disk, args, deadlineMs } = canary('tcg', file);
  // mov ecx,count; two instructions for each. KVM that emulates was seen to run 5 million a second.
  const count = Buffer.from(disk).readUInt32LE(disk.indexOf(0xb9) + 1);
  expect(count).toBeGreaterThan((deadlineMs / 1000) * 5_000_000);
  // More than any machine runs in that time.
  await writeFile(file, bootSector(HELLO, 'exit', 0xffff_ffff));
  const { status, signal } = spawnSync(QEMU, args, { timeout: deadlineMs, killSignal: 'SIGKILL' });
  expect([status, signal]).toEqual([null, 'SIGKILL']);
});

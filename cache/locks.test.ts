/** Locks between processes: one holder, waiters are told, and a killed holder holds nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Locks } from './locks.ts';
import { livenessOf, processToken } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-locks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MODULE = new URL('./locks.ts', import.meta.url).href;

/** Another process that takes a lock and keeps it until it ends. */
async function holder(name: string) {
  const script = `
    const { Locks } = await import(${JSON.stringify(MODULE)});
    const lock = await new Locks(${JSON.stringify(folder)}).tryTake(${JSON.stringify(name)});
    console.log(lock ? 'held' : 'taken');
    setTimeout(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

describe('a lock', () => {
  it('has one holder, and is free again after its release', async () => {
    const locks = new Locks(folder);
    const lock = await locks.tryTake('one');
    expect(lock).toBeDefined();
    expect(await new Locks(folder).tryTake('one')).toBeUndefined();
    using other = await locks.tryTake('other');
    expect(other).toBeDefined();
    lock?.release();
    using again = await locks.tryTake('one');
    expect(again).toBeDefined();
  });

  it('is another one in another store', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'dsmb-locks-'));
    using here = await new Locks(folder).tryTake('same name');
    using there = await new Locks(elsewhere).tryTake('same name');
    expect([here, there]).not.toContain(undefined);
    rmSync(elsewhere, { recursive: true });
  });

  it('of a process that is killed wakes who waits for it', async () => {
    const { child, said } = await holder('killed');
    expect(said).toBe('held');
    const locks = new Locks(folder);
    expect(await locks.tryTake('killed')).toBeUndefined();
    const { promise: waits, resolve: onWait } = Promise.withResolvers<void>();
    const work = locks.with('killed', async () => 'worked', { signal: undefined, onWait });
    await waits;
    child.kill('SIGKILL');
    expect(await work).toBe('worked');
  });

  it('lets one at a time work, in whatever order', async () => {
    const locks = new Locks(folder);
    let inside = 0;
    let done = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside--;
      done++;
    };
    await Promise.all(Array.from({ length: 20 }, () => locks.with('queue', work, { signal: undefined })));
    expect(done).toBe(20);
  });

  it('is waited for no longer than the waiter wants', async () => {
    const locks = new Locks(folder);
    using held = await locks.tryTake('long');
    expect(held).toBeDefined();
    const reason = new Error('enough');
    const controller = new AbortController();
    const waiting = locks.released('long', controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

describe('the file of a lock', () => {
  /** But for the sockets that they are names of. */
  const files = (): string[] => readdirSync(join(folder, 'locks')).filter((name) => !name.startsWith('own-'));
  const sweptFiles = async (): Promise<string[]> => {
    await new Locks(folder).sweep();
    return files();
  };

  it('goes with its release', async () => {
    const before = files();
    const lock = await new Locks(folder).tryTake('file');
    expect(files()).toHaveLength(before.length + 1);
    lock?.release();
    await expect.poll(files).toEqual(before);
  });

  it('holds nobody up when its holder was killed, and is swept', async () => {
    const locks = new Locks(folder);
    const before = files();
    for (const name of ['asked for again', 'forgotten']) {
      const { child } = await holder(name);
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    expect(files()).toHaveLength(before.length + 2);
    const release = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const work = async () => {
      taken.resolve();
      await release.promise;
    };
    const again = locks.with('asked for again', work, { signal: undefined });
    await taken.promise;
    expect(await new Locks(folder).tryTake('asked for again')).toBeUndefined();
    expect(await sweptFiles()).toHaveLength(before.length + 1);
    expect(await new Locks(folder).tryTake('asked for again')).toBeUndefined();
    release.resolve();
    await again;
  });

  it('has a name that no other user can take: it lies in the store', async () => {
    using lock = await new Locks(folder).tryTake('listed');
    expect(lock).toBeDefined();
    expect(readFileSync('/proc/net/unix', 'utf8')).toContain(` ${join(folder, 'locks')}/`);
  });

  it('may have a path that is longer than a socket may have', async () => {
    const long = join(folder, 'x'.repeat(100), 'y'.repeat(100));
    using lock = await new Locks(long).tryTake('long');
    expect(readdirSync(join(long, 'locks'))).toHaveLength(2);
    expect(lock).toBeDefined();
    expect(await new Locks(long).tryTake('long')).toBeUndefined();
  });

  it('is a name of the one socket that its process has, which goes with the process', async () => {
    const own = mkdtempSync(join(tmpdir(), 'dsmb-locks-'));
    const names = (): string[] => readdirSync(join(own, 'locks'));
    const script = `
      const { Locks } = await import(${JSON.stringify(MODULE)});
      const { readdirSync, lstatSync } = await import('node:fs');
      const locks = new Locks(${JSON.stringify(own)});
      for (const name of 'abc') (await locks.tryTake(name)).release();
      using one = await locks.tryTake('one');
      using other = await locks.tryTake('other');
      const inodes = readdirSync(${JSON.stringify(own)} + '/locks').map((name) => lstatSync(${JSON.stringify(own)} + '/locks/' + name).ino);
      console.log(inodes.length, new Set(inodes).size);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    await once(child, 'close');
    expect(said.toString()).toBe('3 1\n');
    expect(names().filter((name) => name.startsWith('own-'))).toEqual([]);
    rmSync(own, { recursive: true });
  });

  it('that was put back when it was free already holds nobody up', async () => {
    const locks = new Locks(folder);
    const before = files();
    const lock = await locks.tryTake('put back');
    const name = files().find((file) => !before.includes(file)) ?? '';
    const path = join(folder, 'locks', name);
    linkSync(path, `${path}-aside`);
    lock?.release();
    renameSync(`${path}-aside`, path);
    const other = new Locks(folder);
    expect(await other.tryTake('put back')).toBeUndefined();
    expect(await other.with('put back', async () => 'worked', { signal: undefined })).toBe('worked');
  });

  it('that another process took over is not removed by who had it', async () => {
    const before = files();
    const lock = await new Locks(folder).tryTake('taken over');
    const name = files().find((file) => !before.includes(file)) ?? '';
    rmSync(join(folder, 'locks', name));
    using other = await new Locks(folder).tryTake('taken over');
    lock?.release();
    expect(other).toBeDefined();
    expect(files()).toContain(name);
  });

  it('that cannot be made gives everybody the lock', async () => {
    const gone = mkdtempSync(join(tmpdir(), 'dsmb-locks-'));
    const locks = new Locks(gone);
    rmSync(gone, { recursive: true });
    using one = await locks.tryTake('same');
    using other = await locks.tryTake('same');
    expect([one, other]).not.toContain(undefined);
  });
});

describe('the token of a process', () => {
  it('tells the living from the dead, and from those nobody can know of', async () => {
    expect(livenessOf(`${processToken()}-rest`)).toBe('alive');
    expect(livenessOf('1-12345-deadbeef-rest')).toBe('unknown');
    expect(livenessOf('no token')).toBe('unknown');
    const [, , place] = processToken().split('-');
    expect(livenessOf(`${process.pid}-1-${place}-same id, other process`)).toBe('dead');
  });
});

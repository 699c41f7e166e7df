/** The store's file system, the temporary folder, and the mirrors. */
import { chmodSync, constants, copyFileSync, linkSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../../../cache/files.ts';
import { Locks } from '../../../cache/locks.ts';
import { storeRoot } from '../../../cache/store.ts';
import { formatBytes } from '../../report/format.ts';
import { bad, note, ok, type Checkup } from './check.ts';

const run = promisify(execFile);
const GIB = 2 ** 30;
const MIN_FREE = GIB;
const GOOD_FREE = 10 * GIB;
const MIN_INODES = 10_000;
const MIRROR_TIMEOUT_MS = 30_000;

const FREE_SPACE = 'dsmb gc --max-size 10GiB, or set DSMB_STORE to a folder on a larger disk';

export const places: readonly Checkup[] = [
  { name: 'store', look: storeIsWritable, remedy: 'set DSMB_STORE to a folder that this user may write' },
  { name: 'store: disk space', look: () => space(storeRoot()), remedy: FREE_SPACE },
  {
    name: 'store: hard links',
    needs: 'store',
    look: hardLinks,
    remedy: 'set DSMB_STORE to a folder on a Linux file system (ext4, xfs, btrfs)',
  },
  {
    name: 'store: programs',
    needs: 'store',
    look: programsRun,
    remedy: 'the file system is mounted noexec: set DSMB_STORE to another folder',
  },
  {
    name: 'store: reflinks',
    needs: 'store',
    look: reflinks,
    remedy: 'copies take space and time; xfs and btrfs share them',
  },
  {
    name: 'store: locks',
    needs: 'store',
    look: locks,
    remedy: 'builds that run at the same time may do the same work twice',
  },
  { name: 'temporary folder', look: () => space(tmpdir()), remedy: 'set TMPDIR to a folder that this user may write' },
  {
    name: 'mirrors',
    look: mirrors,
    remedy: 'check whether `apt-get update` works; dsmb uses the same sources and proxies',
  },
];

/** A folder in the store, and its end. */
async function inStore<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  makeFolder(storeRoot());
  const folder = mkdtempSync(join(storeRoot(), '.doctor-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function storeIsWritable() {
  return inStore((folder) => {
    writeFileSync(join(folder, 'file'), 'x', { flush: true });
    return ok(storeRoot());
  });
}

function space(path: string) {
  const { bavail, bsize, ffree, files } = statfsSync(existing(path));
  const free = bavail * bsize;
  if (files > 0 && ffree < MIN_INODES) return bad(`${ffree} inodes free in ${path}`, FREE_SPACE);
  if (free < MIN_FREE) return bad(`${formatBytes(free)} free in ${path}`, FREE_SPACE);
  if (free < GOOD_FREE) return note(`${formatBytes(free)} free in ${path}`, FREE_SPACE);
  return ok(`${formatBytes(free)} free in ${path}`);
}

function existing(path: string): string {
  try {
    statfsSync(path);
    return path;
  } catch {
    return existing(dirname(path));
  }
}

function hardLinks() {
  return inStore((folder) => {
    writeFileSync(join(folder, 'file'), '');
    linkSync(join(folder, 'file'), join(folder, 'link'));
    return ok('work');
  });
}

function programsRun() {
  return inStore(async (folder) => {
    writeFileSync(join(folder, 'program'), '#!/bin/sh\n');
    chmodSync(join(folder, 'program'), 0o755);
    await run(join(folder, 'program'));
    return ok('can be started from it');
  });
}

function reflinks() {
  return inStore((folder) => {
    writeFileSync(join(folder, 'file'), 'x');
    try {
      copyFileSync(join(folder, 'file'), join(folder, 'copy'), constants.COPYFILE_FICLONE_FORCE);
      return ok('copies share their blocks');
    } catch {
      return ok('none: copies take space, which is all right');
    }
  });
}

async function locks() {
  return inStore(async (folder) => {
    const [one, other] = [new Locks(folder), new Locks(folder)];
    using held = await one.tryTake('doctor');
    using second = await other.tryTake('doctor');
    if (held && !second) return ok('the kernel keeps them');
    return note('do not hold', 'builds that run at the same time may do the same work twice');
  });
}

/** By apt's own downloader, so that the machine's proxies and certificates apply. */
async function mirrors() {
  const { releaseFiles, unreachable } = await import('../../toolchain/reach.ts');
  const cache = mkdtempSync(join(tmpdir(), 'dsmb-doctor-'));
  try {
    const options = { cache, signal: AbortSignal.timeout(MIRROR_TIMEOUT_MS) };
    const files = await releaseFiles(options);
    if (files.length === 0)
      return bad('this machine has no Debian package sources', 'add one to /etc/apt/sources.list');
    const reasons = await Promise.all(files.map((uri, place) => unreachable(uri, options, place)));
    const failed = reasons.filter((reason) => reason !== undefined);
    if (failed.length === 0) return ok(`${files.length} reachable`);
    const remedy = 'check whether `apt-get update` works; dsmb uses the same sources and proxies';
    const text = `${failed.length} of ${files.length} not reachable: ${failed.join('; ')}`;
    return failed.length < files.length ? note(text, remedy) : bad(text, remedy);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** Brings .deb files into the cache: by apt's own downloader, so that mirrors, proxies and certificates of the machine apply. */
import { hashFile } from 'hasha';
import { copyFileSync, lstatSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import { aptHelper, repositories, withSlash, type AptOptions } from './apt.ts';
import { requireReachable } from './reach.ts';
import { debFile, packageKey, type Package } from './packages.ts';

/** How files are fetched. */
export interface FetchOptions extends AptOptions {
  /** Bytes that are there, and bytes in all. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** Is asked before anything is fetched, with how many bytes that will be; may refuse. */
  readonly before?: ((bytes: number) => Promise<void>) | undefined;
}

/** Connections at a time. */
const LANES = 4;
const PROGRESS_MS = 200;
/** Answers that mean "this repository does not have it", as opposed to "this repository cannot be reached". */
const ABSENT = /\b(403|404|410) |Not Found|File not found|no such file/i;

/**
 * Fetches what is not yet there; each file's size and SHA-256 are those of the package afterwards. Gives the
 * packages that no repository of this machine, and no mirror in `DSMB_MIRRORS`, has any more. The lists of apt are not needed: a package's path in
 * the pool is known from the lock, and its hash is what makes it trusted.
 */
export async function fetchPackages(packages: readonly Package[], options: FetchOptions): Promise<Package[]> {
  mkdirSync(join(options.cache, 'debs'), { recursive: true });
  let missing: Package[] = [];
  for (const each of packages) if (!(await isGood(debFile(options.cache, each), each))) missing.push(each);
  if (missing.length === 0) return [];
  await options.before?.(missing.reduce((sum, { size }) => sum + size, 0));
  const mirrors = keepingMirrors();
  if (mirrors.length === 0) await requireReachable(options);
  const stopProgress = reportProgress(missing, options);
  const problems = new Map<Package, string>();
  try {
    for (const base of [...(await repositories(options)), ...mirrors]) {
      if (missing.length === 0) break;
      const failed = await fetchFrom(base, missing, options);
      for (const [each, reason] of failed) if (!ABSENT.test(reason)) problems.set(each, reason);
      missing = [...failed.keys()];
    }
  } finally {
    stopProgress();
  }
  const unreachable = missing.filter((each) => problems.has(each));
  const detail = unreachable.map((each) => `${packageKey(each)}: ${problems.get(each)}`).join('\n');
  if (/No space left on device/.test(detail))
    fail('DISK_FULL', `not enough space for packages in ${options.cache}`, {
      hint: 'free some space (dsmb gc --max-size 10GiB), then run the same command again: what has been fetched is kept',
    });
  if (unreachable.length > 0)
    fail('FETCH_FAILED', `${unreachable.length} of ${packages.length} packages could not be fetched`, {
      detail,
      hint: 'check the network and run the same command again: what has been fetched is kept',
    });
  return missing;
}

/** Archives that keep what the machine's own repositories have dropped, as the user names them. */
function keepingMirrors(): string[] {
  const addresses = (process.env['DSMB_MIRRORS'] ?? '').split(/\s+/).filter((address) => address !== '');
  for (const address of addresses)
    if (!/^(https?|file):\/\S/.test(address))
      fail('BAD_MIRROR', `DSMB_MIRRORS has '${address}', which is not an address of a package archive`, {
        hint: 'give addresses that end above pool/, separated by spaces: DSMB_MIRRORS=https://host/debian',
      });
  return addresses.map(withSlash);
}

/** Fetches from one repository; gives what failed, with the reason. */
async function fetchFrom(
  base: string,
  packages: readonly Package[],
  options: FetchOptions,
): Promise<Map<Package, string>> {
  const failed = new Map<Package, string>();
  await Promise.all(lanes(packages).map((lane) => fetchLane(base, lane, options, failed)));
  return failed;
}

/** Shares the packages out so that each lane has about the same number of bytes. */
function lanes(packages: readonly Package[]): Package[][] {
  const shared = Array.from({ length: Math.min(LANES, packages.length) }, () => ({
    bytes: 0,
    packages: [] as Package[],
  }));
  for (const each of packages.toSorted((a, b) => b.size - a.size)) {
    const lightest = shared.reduce((best, lane) => (lane.bytes < best.bytes ? lane : best));
    lightest.bytes += each.size;
    lightest.packages.push(each);
  }
  return shared.map((lane) => lane.packages);
}

/** One process fetches a whole lane over one connection. */
async function fetchLane(
  base: string,
  packages: readonly Package[],
  options: FetchOptions,
  failed: Map<Package, string>,
): Promise<void> {
  const requests = packages.flatMap((each) => [
    address(base, each),
    partFile(options.cache, each),
    `SHA256:${each.sha256}`,
  ]);
  try {
    const errors = await aptHelper(options, ['download-file', ...requests]);
    for (const each of packages)
      if (!(await publish(options.cache, each))) failed.set(each, reasonFor(address(base, each), errors));
  } finally {
    for (const each of packages)
      for (const suffix of ['', '.FAILED']) rmSync(partFile(options.cache, each) + suffix, { force: true });
  }
}

/** Repositories serve `+` and `~` as they are, but some caches in between want `+` quoted, as apt itself does. */
function address(base: string, of: Package): string {
  return base + of.filename.replaceAll(/[+~%]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

function partFile(cache: string, of: Package): string {
  return `${debFile(cache, of)}.${process.pid}.part`;
}

/** Gives the fetched file its name if it is what it should be. */
async function publish(cache: string, of: Package): Promise<boolean> {
  const part = partFile(cache, of);
  const file = debFile(cache, of);
  // For a source on this machine (`file:`) apt leaves a symbolic link.
  if (lstatSync(part, { throwIfNoEntry: false })?.isSymbolicLink()) {
    copyFileSync(part, `${part}.copy`);
    renameSync(`${part}.copy`, part);
  }
  if (!(await isGood(part, of))) return false;
  renameSync(part, file);
  return true;
}

async function isGood(file: string, of: Package): Promise<boolean> {
  if (statSync(file, { throwIfNoEntry: false })?.size !== of.size) return false;
  return (await hashFile(file, { algorithm: 'sha256' })) === of.sha256;
}

/** apt writes `E: Failed to fetch <URI>  <reason>`, the reason on one line or more. */
function reasonFor(uri: string, errors: string): string {
  const found = errors.split(/^[EW]: /m).find((error) => error.startsWith(`Failed to fetch ${uri} `));
  return (found?.slice(`Failed to fetch ${uri} `.length) ?? errors).trim() || 'the file is not what the lock says';
}

function reportProgress(missing: readonly Package[], { cache, progress }: FetchOptions): () => void {
  if (!progress) return () => {};
  const total = missing.reduce((sum, each) => sum + each.size, 0);
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const tell = () => {
    const done = missing.map((each) => sizeOf(debFile(cache, each)) || sizeOf(partFile(cache, each)));
    progress(
      Math.min(
        total,
        done.reduce((sum, size) => sum + size, 0),
      ),
      total,
    );
  };
  const timer = setInterval(tell, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    tell();
  };
}

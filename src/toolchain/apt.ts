/** The machine's own apt, used without root: its sources, proxies and trust, but our state and cache. */
import { execa } from 'execa';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../model/diagnostic.ts';

/** How apt is run. */
export interface AptOptions {
  /** A folder for apt's lists and .deb files; made when missing. */
  readonly cache: string;
  /** More settings, as `Name=value`. */
  readonly settings?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export const APT_HINT = 'check whether `apt-get update` works on this machine; dsmb uses the same sources and proxies';
const HELPER = '/usr/lib/apt/apt-helper';

/** Runs one of apt's programs and gives its standard output. */
export async function apt(options: AptOptions, program: string, args: readonly string[]): Promise<string> {
  const result = await aptResult(options, program, args);
  return result.failed ? explain(program, args, result) : result.stdout;
}

/** The entries of the package lists for names or `name=version`; leaves out what no list has. */
export async function aptShow(options: AptOptions, names: readonly string[]): Promise<string> {
  const args = ['show', '--no-all-versions', ...names];
  const result = await aptResult(options, 'apt-cache', args);
  const nothing = result.stderr.includes('No packages found');
  return result.failed && !nothing ? explain('apt-cache', args, result) : result.stdout;
}

function explain(program: string, args: readonly string[], result: AptResult): never {
  const errors = result.stderr.split('\n').filter((line) => line.startsWith('E: '));
  return fail('APT_FAILED', `${program} ${args[0]} failed`, {
    detail: errors.join('\n') || result.stderr,
    hint: APT_HINT,
  });
}

/** Runs apt's own downloader; a URI that cannot be had is not an error here but a line on standard error. */
export async function aptHelper(options: AptOptions, args: readonly string[]): Promise<string> {
  return (await aptResult(options, HELPER, args)).stderr;
}

/** The base addresses of the machine's package repositories, in its order; needs no lists. */
export async function repositories(options: AptOptions): Promise<string[]> {
  const lines = await apt(options, 'apt-get', ['update', '--print-uris']);
  const bases = new Set(Array.from(lines.matchAll(/^'([^']+?)dists\/[^']*InRelease'/gm), ([, base]) => base!));
  if (bases.size === 0)
    fail('NO_APT_SOURCES', 'this machine has no Debian package sources', {
      hint: 'add one to /etc/apt/sources.list, for example with main of Debian bookworm',
    });
  return [...new Set([...bases].flatMap(mirrors))];
}

/** Cloud images name a file with a list of mirrors; only apt itself can use such an address. */
function mirrors(base: string): string[] {
  const file = /^mirror\+file:(?:\/\/)?(\/.*)\/$/.exec(base)?.[1];
  if (file === undefined) return [base];
  const addresses = readFileSync(file, 'utf8').matchAll(/^\s*([a-z][^\s#]*)/gm);
  return Array.from(addresses, ([, address]) => withSlash(address!));
}

/** Paths of a pool are put behind a repository's address. */
export function withSlash(address: string): string {
  return address.endsWith('/') ? address : `${address}/`;
}

/** How a program of apt ended. */
export interface AptResult {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of apt's programs to its end, whatever that is. */
export async function aptResult(options: AptOptions, program: string, args: readonly string[]): Promise<AptResult> {
  const own = (options.settings ?? []).flatMap((setting) => ['-o', setting]);
  const result = await execa(program, [...settings(options.cache), ...own, ...args], {
    reject: false,
    env: { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  options.signal?.throwIfAborted();
  if (result.code === 'ENOENT')
    fail('NO_APT', `${program} is not on this machine`, {
      hint: 'toolchains need a Debian or Ubuntu machine (apt, dpkg)',
    });
  return result;
}

/** Our own state (nothing installed, so that a closure is whole) and our own folders (so that no root is needed). */
function settings(cache: string): string[] {
  const state = join(cache, 'state');
  const archives = join(cache, 'archives');
  for (const folder of [join(state, 'lists', 'partial'), join(archives, 'partial')])
    mkdirSync(folder, { recursive: true });
  const status = join(state, 'status');
  if (!statSync(status, { throwIfNoEntry: false })) writeFileSync(status, '');
  const values = {
    'Dir::State': state,
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': status,
    'Dir::State::extended_states': join(state, 'extended_states'),
    'Dir::Cache': cache,
    'Dir::Cache::archives': archives,
    'Dir::Cache::pkgcache': 'pkgcache.bin',
    'Dir::Cache::srcpkgcache': '',
    'Dir::Log': cache,
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Install-Recommends': 'false',
    'APT::Install-Suggests': 'false',
    // Plain lists: 50 MB more on disk, and the next look-up takes a quarter of the time.
    'Acquire::GzipIndexes': 'false',
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
    'Acquire::Retries': '3',
    // The store may be in a folder that only its owner reads; apt's own user could not write there.
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Whether the package sources of this machine can be reached: said within seconds, where apt tries again for a minute. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import { apt, APT_HINT, aptHelper, type AptOptions } from './apt.ts';

/** For a connection, and for each answer. */
const PROBE_S = 5;
/** For all of them, with their names and redirections. */
const DEADLINE_MS = 15_000;
/** One try: whether it passes later is another question. */
const SETTINGS = ['Acquire::Retries=0', `Acquire::http::Timeout=${PROBE_S}`, `Acquire::https::Timeout=${PROBE_S}`];
/** A server that has not got the file was reached all the same. */
const ANSWERED = /\b40[34] /;

/** The first file that apt fetches of each source. */
export async function releaseFiles(options: AptOptions): Promise<string[]> {
  const lines = await apt(options, 'apt-get', ['update', '--print-uris']);
  return [...new Set(Array.from(lines.matchAll(/^'([^']+InRelease)'/gm), ([, uri]) => uri!))];
}

/** Why a file cannot be had, in apt's words; undefined where it can. apt's own downloader knows proxies and certificates. */
export async function unreachable(uri: string, options: AptOptions, place = 0): Promise<string | undefined> {
  const file = join(options.cache, `probe-${process.pid}-${place}`);
  try {
    const errors = await aptHelper({ ...options, settings: SETTINGS }, ['download-file', uri, file]);
    const [, reason = ''] = /^E: (?:Failed to fetch \S+\s+)?([^\n]+)/m.exec(errors) ?? [];
    return reason === '' || ANSWERED.test(reason) ? undefined : `${new URL(uri).host}: ${reason}`;
  } finally {
    rmSync(file, { force: true });
    rmSync(`${file}.FAILED`, { force: true });
  }
}

/** By the folder of lists: each is asked about once. */
const reached = new Map<string, Promise<void>>();

/** Fails where none of the sources can be reached. What is not a server is not looked at. */
export async function requireReachable(options: AptOptions): Promise<void> {
  const asked = reached.get(options.cache) ?? requireAny(options);
  reached.set(options.cache, asked);
  try {
    await asked;
  } catch (error) {
    reached.delete(options.cache);
    throw error;
  }
}

async function requireAny(options: AptOptions): Promise<void> {
  const files = await releaseFiles(options);
  if (files.length === 0 || files.some((uri) => !/^https?:/.test(uri))) return;
  const rest = new AbortController();
  const ends = [rest.signal, AbortSignal.timeout(DEADLINE_MS), ...(options.signal ? [options.signal] : [])];
  const asked = files.map(async (uri, place) => {
    const reason = await unreachable(uri, { ...options, signal: AbortSignal.any(ends) }, place);
    if (reason !== undefined) throw new Error(reason);
  });
  try {
    await Promise.any(asked);
  } catch (error) {
    options.signal?.throwIfAborted();
    fail('FETCH_FAILED', 'no package source of this machine can be reached', {
      // Several sources of one server say the same.
      detail: [...new Set((error as AggregateError).errors.map((one: Error) => one.message))].join('\n'),
      hint: APT_HINT,
    });
  } finally {
    rest.abort();
    await Promise.allSettled(asked);
  }
}

/** Uploads what is missing, reads it back, and puts the script there last: a host never sees half of an installer. */
import { copyFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, inParallel, step, userArguments } from 'dsmb/step';
import {
  digestOf,
  filesOf,
  isWebAddress,
  lineToPaste,
  MANIFEST,
  NAMED_BY_DIGEST,
  PRESEED,
  SCRIPT,
} from './installer-folder.ts';
import { surplusOf } from './prune.ts';
import { Remote } from './rclone.ts';

interface Spec {
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: 'installer';
  readonly outputs: never;
}

const LINE_EVERY_MS = 2000;
/** A place that is far away answers late, and not later to four at once. */
const AT_A_TIME = 4;
const USAGE = 'dsmb run //publish -- remote:path [--url URL] [--prune N]';

export default step<Spec>(async ({ inputs: { installer }, scratch }) => {
  const { place, url, prune } = parse(userArguments());
  await using remote = await Remote.open(place, scratch);
  const files = filesOf(installer);
  const there = await remote.files();
  const missing = [...files].filter(([path, size]) => NAMED_BY_DIGEST.test(path) && there.get(path)?.size !== size);
  say(`${missing.length} of ${files.size} files are missing at ${place}: ${bytesOf(missing)} bytes`);
  await uploadAll(
    remote,
    installer,
    missing.filter(([path]) => !MANIFEST.test(path)),
  );
  await inParallel(manifestsOf(installer, scratch, [...files.keys()]), AT_A_TIME, (path) =>
    remote.upload(scratch, path),
  );
  if (files.has(PRESEED)) await remote.upload(installer, PRESEED);
  await remote.upload(installer, SCRIPT);
  if (prune !== undefined) {
    const surplus = await surplusOf(remote, await remote.files(), prune);
    await inParallel(surplus, AT_A_TIME, (path) => remote.remove(path));
    say(`${surplus.length} files of older installers removed`);
  }
  say('published, and read back. On the host, as root:\n');
  say(`  ${lineToPaste(url ?? 'URL', digestOf(installer, SCRIPT))}\n`);
  if (url === undefined) say(`URL is where hosts find ${place} on the web; --url puts it into the line.`);
});

async function uploadAll(remote: Remote, folder: string, files: readonly (readonly [string, number])[]): Promise<void> {
  const all = bytesOf(files);
  let done = 0;
  let said = Date.now();
  await inParallel(files, AT_A_TIME, async ([path, size]) => {
    await remote.upload(folder, path);
    done += size;
    if (Date.now() - said < LINE_EVERY_MS) return;
    said = Date.now();
    say(`${Math.floor((100 * done) / all)} %, ${done} of ${all} bytes`);
  });
}

function bytesOf(files: readonly (readonly [string, number])[]): number {
  return files.reduce((sum, [, size]) => sum + size, 0);
}

/** Copies of the manifests, as of now: the age of a manifest tells which installers are the last ones. */
function manifestsOf(installer: string, scratch: string, paths: readonly string[]): readonly string[] {
  const manifests = paths.filter((path) => path.startsWith('manifest'));
  for (const path of manifests) {
    copyFileSync(join(installer, path), join(scratch, path));
    utimesSync(join(scratch, path), new Date(), new Date());
  }
  return manifests;
}

function parse(args: readonly string[]) {
  const { positionals, values } = parsed(args);
  const [place, ...others] = positionals;
  if (place === undefined || others.length > 0 || !place.includes(':')) misused('it takes one place of rclone');
  if (values.url !== undefined && !isWebAddress(values.url)) misused(`'${values.url}' is no address of http or https`);
  const prune = values.prune === undefined ? undefined : Number(values.prune);
  if (prune !== undefined && (!Number.isInteger(prune) || prune < 1))
    misused(`--prune takes how many installers stay, at least 1, not '${values.prune}'`);
  return { place, url: values.url?.replace(/\/+$/, ''), prune };
}

function parsed(args: readonly string[]) {
  const options = { url: { type: 'string' }, prune: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return misused((error as Error).message);
  }
}

function misused(what: string): never {
  return fail('PUBLISH_ARGUMENTS', what, { hint: USAGE });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

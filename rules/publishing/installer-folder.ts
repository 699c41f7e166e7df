/** The folder of an installer, and how a host gets it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a host runs; its content changes with each build. */
export const SCRIPT = 'install.sh';
/** The same for a Debian installer that is started by hand. Not every folder has it. */
export const PRESEED = 'preseed.cfg';

/** A name that always means the same bytes. */
export const NAMED_BY_DIGEST =
  /^(blocks\/[0-9a-f]{64}\.gz|manifest-[0-9a-f]{64}\.json|(vmlinuz|initrd|busybox|system)-[0-9a-f]{64})$/;
/** The preseed, and what it fetches. */
export const FOR_PRESEED = /^(preseed\.cfg|(busybox|system)-[0-9a-f]{64})$/;
/** One of these. */
export const MANIFEST = /^manifest-([0-9a-f]{64})\.json$/;

/** Paths and sizes of the files. */
export function filesOf(folder: string): ReadonlyMap<string, number> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = paths.map((path) => [path, statSync(join(folder, path))] as const);
  return new Map(files.flatMap(([path, stats]) => (stats.isFile() ? [[path, stats.size]] : [])));
}

/** SHA-256 of a small file. */
export function digestOf(folder: string, path: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, path)))
    .digest('hex');
}

/** The line to paste on a host: fetches the script, compares its digest, and runs it. */
export function lineToPaste(url: string, digest: string): string {
  const script = `'${url}/${SCRIPT}'`;
  return [
    `(curl -fsSLo ${SCRIPT} ${script} || wget -qO ${SCRIPT} ${script})`,
    `echo '${digest}  ${SCRIPT}' | sha256sum -c`,
    `sh ${SCRIPT} --url '${url}'`,
  ].join(' && ');
}

/** Whether it can stand in that line. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s'"\\]+$/.test(text);
}

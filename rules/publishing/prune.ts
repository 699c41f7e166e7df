/** What older installers have left at a place, and the newest ones do not need. */
import { createHash } from 'node:crypto';
import { fail } from 'dsmb/step';
import { MANIFEST, NAMED_BY_DIGEST } from './installer-folder.ts';
import type { Remote, RemoteFile } from './rclone.ts';

interface Named {
  readonly kernel: { readonly file: string };
  readonly initrd: { readonly file: string };
  readonly preseed?: readonly { readonly file: string }[];
  readonly blocks: readonly { readonly sha256: string }[];
}

/** Paths that none of the last `keep` installers has; files that no installer makes are not among them. */
export async function surplusOf(
  remote: Remote,
  files: ReadonlyMap<string, RemoteFile>,
  keep: number,
): Promise<readonly string[]> {
  const manifests = [...files].filter(([path]) => MANIFEST.test(path));
  const newestFirst = manifests.toSorted(([, a], [, b]) => b.time - a.time).map(([path]) => path);
  const needed = new Set<string>();
  for (const path of newestFirst.slice(0, keep)) {
    const { kernel, initrd, preseed = [], blocks } = parsed(path, (await remote.read(path)).toString());
    needed.add(path);
    for (const { file } of [kernel, initrd, ...preseed]) needed.add(file);
    for (const { sha256 } of blocks) needed.add(`blocks/${sha256}.gz`);
  }
  return [...files.keys()].filter((path) => NAMED_BY_DIGEST.test(path) && !needed.has(path));
}

/** A manifest that is not what its name says would make all that it needs look like surplus. */
function parsed(path: string, text: string): Named {
  if (MANIFEST.exec(path)?.[1] !== createHash('sha256').update(text).digest('hex'))
    fail('PUBLISH_FAILED', `${path} is damaged at the remote, so nothing was removed`, {
      hint: 'remove it there, and publish again',
    });
  return JSON.parse(text) as Named;
}

/** The digests of a disk and of its files, from its tree in the store or from checksums. */
import { hash as hashBytes } from 'node:crypto';
import { encodeDirectory } from '../../../cache/reapi/messages.ts';
import type { Node, Trees } from '../../../cache/tree.ts';
import type { Checksums } from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import { digest, parseDigest, type Digest } from '../../model/digest.ts';

/** A digest as a user wrote it. */
export function givenDigest(text: string): Digest {
  if (!/^[0-9a-f]{64}\/\d{1,15}$/.test(text))
    fail('USAGE', `'${text}' is not a digest: write 64 hexadecimal digits, a slash and a number of bytes`, {
      hint: 'dsmb disk info //target prints the digest of a disk',
    });
  return parseDigest(text);
}

/** What each file of a tree must hold. */
export function treeChecksums(trees: Trees, tree: Node): Checksums {
  const checksums = new Map<string, string>();
  for (const [path, node] of trees.walk(tree)) if (node.type === 'file') checksums.set(path, node.digest.hash);
  return checksums;
}

/** The digest of the tree that a folder with these files is: what the artifact is known by. */
export function treeDigest(files: ReadonlyMap<string, Digest>): Digest {
  const entries = new Map<string, Node>();
  const below = new Map<string, Map<string, Digest>>();
  for (const [path, of] of files) {
    const slash = path.indexOf('/');
    const name = path.slice(0, Math.max(0, slash));
    if (slash < 0) entries.set(path, { type: 'file', digest: of, executable: false });
    else below.set(name, (below.get(name) ?? new Map<string, Digest>()).set(path.slice(slash + 1), of));
  }
  for (const [name, inner] of below) entries.set(name, { type: 'directory', digest: treeDigest(inner) });
  const bytes = encodeDirectory(entries);
  return digest(hashBytes('sha256', bytes, 'hex'), bytes.length);
}

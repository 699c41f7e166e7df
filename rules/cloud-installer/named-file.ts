/** A file of an installer's folder that is named by its content. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedFile } from './manifest.ts';

/** Links a file under a name with its digest, which never means another content. */
export async function linkByDigest(folder: string, name: string, file: string): Promise<NamedFile> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file) as AsyncIterable<Buffer>) hash.update(bytes);
  const digest = hash.digest('hex');
  symlinkSync(file, join(folder, `${name}-${digest}`));
  return { file: `${name}-${digest}`, sha256: digest, bytes: statSync(file).size };
}

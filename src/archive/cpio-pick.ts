/** Takes a few small files out of an initrd without unpacking it. */
import { Failure } from '../step/index.ts';
import { decompressed } from './compressed.ts';
import { readCpio } from './cpio-read.ts';

/** Larger files are not what this is for; they are passed over. */
const MAX_SIZE = 16 * 1024 * 1024;

/**
 * The content of the named files of a cpio archive, compressed or not. Stops once all are found. An initrd may have a
 * signature or padding behind it: what goes wrong once the files named in `enough` were found is no matter.
 */
export async function pickFiles(
  archive: string,
  names: readonly string[],
  enough: readonly string[] = names,
): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  try {
    for await (const entry of readCpio(decompressed(archive))) {
      if (entry.type !== 'file' || entry.size > MAX_SIZE || !names.includes(entry.path)) continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.body()) chunks.push(Buffer.from(chunk));
      found.set(entry.path, Buffer.concat(chunks));
      if (found.size === names.length) break;
    }
  } catch (error) {
    if (!(error instanceof Failure) || !enough.every((name) => found.has(name))) throw error;
  }
  return found;
}

/** A streamed file as an entry of a tar archive. */
import { pipeline } from 'node:stream/promises';
import type { Header, Pack } from 'tar-stream';

/** Adds a file whose size stands in the header. */
export async function addFile(
  archive: Pack,
  header: Partial<Header> & Pick<Header, 'name' | 'size'>,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await pipeline(content, archive.entry(header));
}

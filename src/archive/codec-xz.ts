/** Blocks of an xz stream (xz file format 1.2, section 3), each made by a run of the `xz` program. */
import { Readable, Writable } from 'node:stream';
import { fail, pipeline, run } from '../step/index.ts';
import { versionName, whole, type Codec, type Segment } from './segment.ts';
import { readVli, STREAM_HEADER, STREAM_HEADER_SIZE } from './xz.ts';

/**
 * One xz block with CRC-32, padding included. The note is its "unpadded size", for the index. The dictionary is 1 MiB, so
 * that readers need little memory. `level` is 0 to 9.
 */
export async function xzCodec(level: number): Promise<Codec> {
  const version = /\d[\w.]*/.exec(await run('xz', ['--version']))?.[0];
  const args = ['--format=xz', '--check=crc32', `--lzma2=preset=${level},dict=1MiB`, '--threads=1', '--stdout'];
  return {
    name: `xz${level}-${versionName(version)}`,
    async encode(content) {
      const stream: Uint8Array[] = [];
      const sink = new Writable({ write: (chunk: Uint8Array, _, done) => (stream.push(chunk), done()) });
      await pipeline(Readable.from([content]), 'xz', args, sink);
      return blockOf(Buffer.concat(stream), content);
    },
  };
}

/** Takes the one block out of a stream: it stands between the header and the index, which tells its size. */
function blockOf(stream: Buffer, content: Uint8Array): Segment {
  const footer = stream.length - STREAM_HEADER_SIZE;
  const indexSize = (stream.readUInt32LE(footer + 4) + 1) * 4;
  const index = stream.subarray(footer - indexSize, footer);
  const [count, first] = readVli(index, 1);
  const [unpadded, second] = readVli(index, first);
  const [uncompressed] = readVli(index, second);
  if (!stream.subarray(0, STREAM_HEADER_SIZE).equals(STREAM_HEADER) || count !== 1 || uncompressed !== content.length)
    fail('XZ_OUTPUT', `xz did not make one block of ${content.length} bytes`);
  return whole(content, stream.subarray(STREAM_HEADER_SIZE, footer - indexSize), unpadded);
}

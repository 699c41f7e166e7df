/** Decompression and LZMA compression as streams, through the `xz` program of the toolchain. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fail, pipeline } from '../step/index.ts';

/** How a file is compressed, told by its first bytes. */
export type Compression = 'none' | 'gzip' | 'xz' | 'lzma';

/** Looks at the first bytes of a file. LZMA-alone has no magic: properties 0x5d and a dictionary that is 2^n or 3·2^n. */
export async function compressionOf(file: string): Promise<Compression> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(13), 0, 13, 0);
    if (buffer.readUInt16BE(0) === 0x1f8b) return 'gzip';
    if (buffer.readUIntBE(0, 6) === 0xfd377a585a00) return 'xz';
    if (buffer[0] === 0x5d && isDictionarySize(buffer.readUInt32LE(1))) return 'lzma';
    return 'none';
  } finally {
    await handle.close();
  }
}

/** The content of a file, decompressed if it is compressed with gzip, xz or LZMA; as it is otherwise. */
export async function* decompressed(file: string): AsyncGenerator<Buffer, void, undefined> {
  const compression = await compressionOf(file);
  switch (compression) {
    case 'none':
      return yield* createReadStream(file) as AsyncIterable<Buffer>;
    case 'gzip':
      return yield* gunzip(file);
    case 'xz':
    case 'lzma':
      return yield* unxz(file, compression);
  }
}

/** The content of an LZMA-alone file. */
export function unlzma(file: string): AsyncGenerator<Buffer, void, undefined> {
  return unxz(file, 'lzma');
}

/** Compresses a stream into an LZMA-alone file, as the kernel unpacks it from an initrd. */
export async function lzma(content: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  await pipeline(Readable.from(content, { objectMode: false }), 'xz', ['--format=lzma', '-9', '-T1', '-c'], file);
}

async function* unxz(file: string, format: 'xz' | 'lzma'): AsyncGenerator<Buffer, void, undefined> {
  const output = new PassThrough();
  let failure: unknown;
  const done = pipeline(createReadStream(file), 'xz', [`--format=${format}`, '-d', '-c'], output).catch(
    (error: unknown) => {
      failure = error;
      output.destroy();
    },
  );
  try {
    yield* output as AsyncIterable<Buffer>;
    // The output ends before the exit code is known.
    await done;
    if (failure !== undefined) throw failure;
  } finally {
    // A reader that has seen enough leaves early; the program ends with its output.
    output.destroy();
    await done;
  }
}

async function* gunzip(file: string): AsyncGenerator<Buffer, void, undefined> {
  const source = createReadStream(file);
  const unpacked = source.pipe(createGunzip());
  source.on('error', (error) => unpacked.destroy(error));
  try {
    yield* unpacked as AsyncIterable<Buffer>;
  } catch (error) {
    fail('GZIP_CORRUPT', `${file} cannot be decompressed: ${(error as Error).message}`);
  } finally {
    source.destroy();
  }
}

function isDictionarySize(size: number): boolean {
  const odd = size / (size & -size || 1);
  return size >= 4096 && (odd === 1 || odd === 3 || size === 0xffff_ffff);
}

/** Compressed content as bytes that can be read anywhere: unpacked into a sparse file, with bounds. */
import { spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { Readable as ReadableStream } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createRaw, fileSource, isZero, type ByteSource, type FileSource } from '../disk/index.ts';
import { fail } from '../model/diagnostic.ts';
import type { Compression } from './finding.ts';

const PIECE = 256 * 1024;
/** Bytes of content: beyond, something is a bomb and no archive. Zeros count here, but take no space. */
const MAX_CONTENT = 2 ** 38;
/** Of the free space, what unpacked content may take. */
const SHARE_OF_SPACE = 0.5;

/** A folder of unpacked content, which goes with it. */
export class Unpacker implements Disposable {
  readonly #folder: string;
  readonly #xz: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #most: number;
  readonly #open: FileSource[] = [];
  #count = 0;

  /** `parent` is where the folder is made; `xz` the start of a command line; `most` what bytes of content there may be. */
  constructor(parent: string, xz: readonly string[], signal?: AbortSignal, most = MAX_CONTENT) {
    this.#folder = mkdtempSync(join(parent, 'dsmb-compare-'));
    this.#xz = xz;
    this.#signal = signal;
    this.#most = most;
  }

  /** Unpacks. What cannot be unpacked, or is too large, is an `UNPACK_FAILED` failure. */
  async unpack(source: ByteSource, format: Compression): Promise<ByteSource> {
    const path = join(this.#folder, String(this.#count++));
    try {
      await writeSparse(this.#stream(source, format), path, this.#most, this.#signal);
    } catch (error) {
      rmSync(path, { force: true });
      this.#signal?.throwIfAborted();
      return fail('UNPACK_FAILED', `it cannot be unpacked as ${format}: ${(error as Error).message}`);
    }
    const file = fileSource(path);
    this.#open.push(file);
    return file;
  }

  [Symbol.dispose](): void {
    for (const file of this.#open) file.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #stream(source: ByteSource, format: Compression): AsyncIterable<Buffer> {
    if (format === 'gzip') return through(source, createGunzip());
    if (format === 'zstd') return through(source, createZstdDecompress());
    return this.#xzStream(source, format);
  }

  async *#xzStream(source: ByteSource, format: 'xz' | 'lzma'): AsyncGenerator<Buffer> {
    const [program = 'xz', ...args] = this.#xz;
    const child = spawn(program, [...args, `--format=${format}`, '--decompress', '--stdout'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = new Promise<string>((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code === 'ENOENT' ? 'there is no program xz on this machine' : error.message),
      );
      child.on('close', (code) => resolve(code === 0 ? '' : `xz ended with ${code}`));
    });
    try {
      pipeline(ReadableStream.from(chunksOf(source)), child.stdin, () => {});
      yield* child.stdout as AsyncIterable<Buffer>;
      const problem = await ended;
      if (problem !== '') throw new Error(problem);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  }
}

async function* through(source: ByteSource, unpack: NodeJS.ReadWriteStream & Readable): AsyncGenerator<Buffer> {
  const input = ReadableStream.from(chunksOf(source));
  try {
    yield* pipeline(input, unpack, () => {}) as unknown as AsyncIterable<Buffer>;
  } finally {
    input.destroy();
    unpack.destroy();
  }
}

function* chunksOf(source: ByteSource): Generator<Buffer> {
  for (let at = 0; at < source.size; at += PIECE) yield source.read(at, Math.min(PIECE, source.size - at));
}

/** Writes a stream to a new file; zeros become holes. */
async function writeSparse(
  stream: AsyncIterable<Buffer>,
  path: string,
  most: number,
  signal?: AbortSignal,
): Promise<void> {
  const { bavail, bsize } = statfsSync(join(path, '..'));
  const space = bavail * bsize * SHARE_OF_SPACE;
  using file = createRaw(path, 0);
  let size = 0;
  let written = 0;
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    size += chunk.length;
    if (!isZero(chunk)) written += chunk.length;
    if (size > most || written > space) throw new Error(`its content has more than ${size} bytes`);
    file.write(size - chunk.length, chunk);
  }
  // A hole at the end was not written.
  const descriptor = openSync(path, 'r+');
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
}

/** Writes a file as a stream; runs of zeros stay holes. */
import { open, type FileHandle } from 'node:fs/promises';

/** Bytes of a write. While one buffer is written by a thread of the pool, the other one is filled. */
const BUFFER_SIZE = 2 * 1024 * 1024;
/** Zeros stay holes if a whole aligned run of this many bytes has nothing else. */
const HOLE_SIZE = 1024 * 1024;
const ZEROS = Buffer.alloc(HOLE_SIZE);

/** Writes chunks to a file that does not exist; gives its bytes. A chunk may be changed once the next one is asked for. */
export async function writeSparse(chunks: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  await using file = await open(path, 'wx');
  const writer = new SparseWriter(file);
  for await (const chunk of chunks) await writer.append(chunk);
  // Awaited here: the file is closed when this function is left.
  return await writer.finish();
}

class SparseWriter {
  readonly #file: FileHandle;
  #filling = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #other = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #filled = 0;
  /** Where in the file the buffer that is being filled begins. */
  #start = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const part = chunk.subarray(done, done + BUFFER_SIZE - this.#filled);
      this.#filling.set(part, this.#filled);
      this.#filled += part.length;
      done += part.length;
      if (this.#filled === BUFFER_SIZE) await this.#flush();
    }
  }

  async finish(): Promise<number> {
    await this.#flush();
    await this.#writing;
    await this.#file.truncate(this.#start);
    return this.#start;
  }

  async #flush(): Promise<void> {
    const full = this.#filling.subarray(0, this.#filled);
    await this.#writing;
    this.#writing = writeRuns(this.#file, full, this.#start);
    // A failure is met when the next write waits for this one.
    this.#writing.catch(() => undefined);
    this.#start += full.length;
    this.#filled = 0;
    [this.#filling, this.#other] = [this.#other, this.#filling];
  }
}

async function writeRuns(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  const runs: { start: number; end: number }[] = [];
  for (let at = 0; at < bytes.length; at += HOLE_SIZE) {
    const end = Math.min(at + HOLE_SIZE, bytes.length);
    if (Buffer.compare(bytes.subarray(at, end), ZEROS.subarray(0, end - at)) === 0) continue;
    const last = runs.at(-1);
    if (last?.end === at) last.end = end;
    else runs.push({ start: at, end });
  }
  for (const { start, end } of runs) await writeFully(file, bytes.subarray(start, end), position + start);
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

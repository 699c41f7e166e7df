/** A disk as one sparse raw file, written so that the rest of the process gets its turns and can stop it. */
import { setImmediate } from 'node:timers/promises';
import type { BlockSource } from './compare.ts';
import { BLOCK_SIZE, blockLength } from './format.ts';
import { createRaw } from './sink.ts';

/** How a long walk over blocks is watched and ended. */
export interface Pace {
  /** Called now and then with 0 to 100. */
  readonly progress?: ((percent: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Blocks between two looks at signals. */
const PAUSE_BLOCKS = 16;

/** Writes a disk to a file, which must not exist. Holes stay holes; one block is in memory. Ends early when told to. */
export async function assembleRaw(disk: BlockSource, raw: string, pace: Pace = {}): Promise<void> {
  using file = createRaw(raw, disk.size);
  const buffer = Buffer.alloc(BLOCK_SIZE);
  for await (const index of paced(disk.blocks(), disk.size, pace)) {
    const offset = index * BLOCK_SIZE;
    const bytes = buffer.subarray(0, blockLength(index, disk.size));
    if (disk.readBlock) disk.readBlock(index, bytes);
    file.write(offset, disk.readBlock ? bytes : disk.read(offset, bytes.length));
  }
}

/** Gives blocks of a disk of `size` bytes on; tells progress and lets others in now and then; ends early when told to. */
export async function* paced(
  blocks: Iterable<number>,
  size: number,
  { progress, signal }: Pace,
): AsyncGenerator<number, void, undefined> {
  let count = 0;
  for (const index of blocks) {
    if (count++ % PAUSE_BLOCKS === 0) {
      progress?.((100 * index * BLOCK_SIZE) / size);
      await setImmediate();
      if (signal?.aborted === true) return;
    }
    yield index;
  }
}

/** Looks at what an action writes while it runs: large files are hashed and on their way to the disk before it has ended. */
import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { LARGE_BYTES } from '../../../cache/capture.ts';
import { GrowingFile } from '../../../cache/growing-file.ts';
import type { Turns } from '../../../cache/turns.ts';
import type { ActionNode } from '../../analysis/action.ts';
import type { Digest } from '../../model/digest.ts';

/** Most actions have ended before the first look. */
const FIRST_LOOK_MS = 15;
/** While nothing grows, each look comes later than the one before by this factor. */
const PATIENCE = 1.5;
const LAST_PAUSE_MS = 500;
/** While something grows. */
const PAUSE_MS = 2;
/** Hashed at a time: some milliseconds, in which nothing else is done. */
const SLICE_BYTES = 4 * 1024 * 1024;
/** Handed to the disk at a time. */
const SYNC_BYTES = 32 * 1024 * 1024;

export class EarlyHashes implements Disposable {
  readonly #paths: readonly string[];
  readonly #growing = new Map<string, Growing>();
  #timer: NodeJS.Timeout;

  /** Watches the files among the outputs of an action, in the folder where it writes them. */
  constructor({ node }: { readonly node: Pick<ActionNode, 'outputs'> }, folder: string) {
    const files = Object.values(node.outputs).filter(({ kind }) => kind.shape === 'file');
    this.#paths = files.map(({ name }) => join(folder, name));
    this.#timer = this.#lookIn(FIRST_LOOK_MS);
  }

  /** The digest of a file that an action has left; undefined where it has to be hashed from its beginning. */
  readonly digestOf = (path: string, stats: Stats, turns: Turns): Promise<Digest | undefined> | undefined =>
    this.#growing.get(path)?.file.finish(stats, turns);

  /** Whether a file is being hashed. */
  watches(path: string): boolean {
    return this.#growing.has(path);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const { file } of this.#growing.values()) file[Symbol.dispose]();
  }

  #lookIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const grown = this.#paths.filter((path) => this.#look(path)).length > 0;
      this.#timer = this.#lookIn(grown ? PAUSE_MS : Math.min(LAST_PAUSE_MS, Math.max(ms, FIRST_LOOK_MS) * PATIENCE));
    }, ms).unref();
  }

  /** What cannot be read now is met by whoever takes the outputs. */
  #look(path: string): boolean {
    try {
      const known = this.#growing.get(path) ?? startedAt(path);
      if (!known) return false;
      this.#growing.set(path, known);
      return known.advance();
    } catch {
      return false;
    }
  }
}

function startedAt(path: string): Growing | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size >= LARGE_BYTES ? new Growing(path) : undefined;
}

class Growing {
  readonly file: GrowingFile;
  #handed = 0;

  constructor(path: string) {
    this.file = new GrowingFile(path);
  }

  /** Whether there was something new. */
  advance(): boolean {
    const more = this.file.advance(SLICE_BYTES) > 0;
    const { hashed } = this.file;
    if (hashed - this.#handed >= SYNC_BYTES && this.file.sync()) this.#handed = hashed;
    return more;
  }
}

/** A file system that keeps whole seconds: ext4 with inodes of 128 bytes, as many machines still have it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** With holes. */
const IMAGE_BYTES = 8 * 2 ** 30;

export class SmallInodes implements Disposable {
  /** An empty folder of it. */
  readonly folder: string;
  readonly #outside: string;

  private constructor(mke2fs: string) {
    this.#outside = mkdtempSync(join(tmpdir(), 'dsmb-small-inodes-'));
    this.folder = join(this.#outside, 'mounted');
    const image = join(this.#outside, 'image');
    mkdirSync(this.folder);
    writeFileSync(image, '');
    truncateSync(image, IMAGE_BYTES);
    execFileSync(mke2fs, ['-q', '-t', 'ext4', '-I', '128', '-O', '^metadata_csum', '-F', image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', image, this.folder], { stdio: 'pipe' });
  }

  /** Mounts one, with a program that makes it; gives the reason where this machine allows nobody to do so. */
  static mount(mke2fs: string): SmallInodes | string {
    if (process.getuid?.() !== 0) return 'only root can mount a file system';
    try {
      return new SmallInodes(mke2fs);
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: Buffer };
      return (stderr?.toString() ?? message).trim().split('\n').at(-1)!;
    }
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.#outside, { recursive: true });
  }
}

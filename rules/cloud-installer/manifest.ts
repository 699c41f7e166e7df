/** The manifest of an installer, `dsmb-install/1`; `docs/install-format.md` describes it. */
import { createHash } from 'node:crypto';
import type { MbrPartition } from 'dsmb/disk';
import type { Deployment } from '../disk-archive/describe.ts';

/** The format, and its version. */
const FORMAT = 'dsmb-install/1';

/** A file that is published under a name of its digest. */
export interface NamedFile {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A block of the disk that is not all zero. */
export interface InstallBlock {
  readonly index: number;
  readonly sha256: string;
  /** Of its content; less than 1 MiB only at the end of a disk of odd size. */
  readonly bytes: number;
  /** Of `blocks/<sha256>.gz`. */
  readonly packed: number;
}

export interface InstallManifest extends Deployment {
  readonly disk: {
    readonly bytes: number;
    readonly blockSize: number;
    readonly dataBytes: number;
    readonly blocksRoot: string;
    readonly partitions: readonly MbrPartition[];
  };
  /** The digits at `macOffset` as they stand there. */
  readonly macDigits?: string;
  readonly kernel: NamedFile;
  readonly initrd: NamedFile;
  /** What `preseed.cfg` fetches, where the folder has one. */
  readonly preseed?: readonly NamedFile[];
  readonly blocks: readonly InstallBlock[];
}

/** Its text: a line for each member and for each block, so that a person, `sed` and `diff` can read it. */
export function manifestText({ blocks, ...members }: InstallManifest): string {
  const lines = Object.entries({ format: FORMAT, ...members }).map(
    ([key, value]) => `"${key}":${JSON.stringify(value)}`,
  );
  const rows = blocks.map((block) => JSON.stringify(block));
  return `{\n${lines.join(',\n')},\n"blocks":[\n${rows.join(',\n')}\n]\n}\n`;
}

/** SHA-256 in hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

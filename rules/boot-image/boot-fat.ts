/** Writes the boot file system; a helper of the steps. */
import { join } from 'node:path';
import { fileSource, writeFat16, type ByteSink } from 'dsmb/disk';

/** What the file system is like. */
export interface BootFat {
  /** Its size and its place on the disk, in 512-byte sectors. */
  readonly sectors: number;
  readonly start: number;
  /** The folder with the files, and their paths in the order of their layout. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly epoch: number;
}

/** Any number will do: it only has to be the same each time. */
const VOLUME_ID = 0x6473_6d62;

/** Writes a FAT 16 with the files from offset 0 of `sink`. */
export function writeBootFat(sink: ByteSink, { sectors, start, folder, files, epoch }: BootFat): void {
  const sources = files.map((path) => ({ path, source: fileSource(join(folder, path)) }));
  try {
    const options = { sectors, hiddenSectors: start, volumeId: VOLUME_ID, label: 'DSMBOOT', epoch };
    writeFat16(sink, { ...options, files: sources });
  } finally {
    for (const { source } of sources) source.close();
  }
}

/** The disk that was rented: larger than what is on it, and full of what others have left there. */
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { diskToRaw } from 'dsmb/disk';

const MIB = 1024 ** 2;
/** Random bytes lie in one MiB of so many, and beside all blocks that the image has. */
const SPACING = 32;

/** What a rented disk is like. */
export interface RentedDisk {
  /** The installer's folder: its manifest tells where the image has data. */
  readonly installer: string;
  readonly bytes: number;
}

/** Writes a raw disk that begins with the host's own, a disk in the format of dsmb. */
export function rentDisk(file: string, { host, ...rented }: RentedDisk & { readonly host: string }): void {
  diskToRaw(host, file);
  fillRest(file, rented);
}

/** Makes a raw disk larger, with what others have left behind its own content. */
export function fillRest(file: string, { installer, bytes }: RentedDisk): void {
  const first = Math.ceil(statSync(file).size / MIB);
  const descriptor = openSync(file, 'r+');
  try {
    ftruncateSync(descriptor, bytes);
    for (const index of placesOf(installer, bytes / MIB))
      if (index >= first) writeSync(descriptor, randomBytes(MIB), 0, MIB, index * MIB);
  } finally {
    closeSync(descriptor);
  }
}

function placesOf(installer: string, count: number): ReadonlySet<number> {
  const text = readFileSync(join(installer, 'manifest.json'), 'utf8');
  const { blocks } = JSON.parse(text) as { readonly blocks: readonly { readonly index: number }[] };
  const beside = blocks.flatMap(({ index }) => [index - 1, index, index + 1]);
  const everywhere = Array.from({ length: Math.floor(count / SPACING) }, (_, number) => number * SPACING);
  return new Set([...beside, ...everywhere, count - 1].filter((index) => index < count));
}

/** The disk artifact's format, version 1: `disk.json` and `blocks/<hhhh>/<ll>`. Described in `docs/disk-format.md`. */
import { fail } from '../model/diagnostic.ts';

/** Bytes of a block. */
export const BLOCK_SIZE = 1024 * 1024;
/** Blocks of a group folder. */
export const GROUP_BLOCKS = 256;
/** Bytes of the largest disk: 65,536 groups, 16 TiB. */
const MAX_DISK_SIZE = 0x1_0000 * GROUP_BLOCKS * BLOCK_SIZE;

export const MANIFEST = 'disk.json';
export const BLOCKS = 'blocks';
/** Beside the manifest in a folder that has left the store; no part of the artifact. */
export const CHECKSUMS = 'SHA256SUMS';

const FORMAT = 'dsmb-disk/1';
const ZEROS = Buffer.alloc(BLOCK_SIZE);

/** The text of `disk.json`. */
export function formatManifest(size: number): string {
  return `${JSON.stringify({ format: FORMAT, size, blockSize: BLOCK_SIZE })}\n`;
}

/** Bytes of the longest `disk.json`: that of the largest disk. */
export const MAX_MANIFEST_BYTES = formatManifest(MAX_DISK_SIZE).length;

/** The size in bytes that a `disk.json` tells; anything else than what `formatManifest` writes is damage. */
export function parseManifest(text: string, path: string): number {
  const size = /"size":(\d{1,15})[,}]/.exec(text)?.[1];
  if (size === undefined || formatManifest(Number(size)) !== text)
    fail('DISK_DAMAGED', `${path} is not the manifest of a ${FORMAT} disk`, { detail: text.slice(0, 200) });
  checkDiskSize(Number(size));
  return Number(size);
}

/** Fails for sizes that the format cannot hold. */
export function checkDiskSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 1 || size > MAX_DISK_SIZE)
    fail('DISK_SIZE', `a disk cannot have ${size} bytes: 1 to ${MAX_DISK_SIZE} (16 TiB) are possible`);
}

/** Number of blocks that a disk of this size has, zero blocks included. */
export function blockCount(size: number): number {
  return Math.ceil(size / BLOCK_SIZE);
}

/** Bytes of a block: all have `BLOCK_SIZE`, but the last of an odd-sized disk. */
export function blockLength(index: number, size: number): number {
  return Math.min(BLOCK_SIZE, size - index * BLOCK_SIZE);
}

/** Name of a group's folder in `blocks`. */
export function groupName(group: number): string {
  return group.toString(16).padStart(4, '0');
}

/** Name of a block's file in its group. */
export function blockName(index: number): string {
  return (index % GROUP_BLOCKS).toString(16).padStart(2, '0');
}

export function groupOf(index: number): number {
  return Math.floor(index / GROUP_BLOCKS);
}

/** Path of a block below the disk's folder. */
export function blockPath(index: number): string {
  return `${BLOCKS}/${groupName(groupOf(index))}/${blockName(index)}`;
}

/** True if all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (let start = 0; start < bytes.length; start += BLOCK_SIZE) {
    const part = bytes.subarray(start, start + BLOCK_SIZE);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

/** The index that a block's path stands for; undefined for all that is no path of a block. */
export function blockIndex(path: string): number | undefined {
  const [, group, block] = /^blocks\/([0-9a-f]{4})\/([0-9a-f]{2})$/.exec(path) ?? [];
  return group === undefined ? undefined : Number.parseInt(`${group}${block}`, 16);
}

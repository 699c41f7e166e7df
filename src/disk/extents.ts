/** What `qemu-img map --output=json` tells about an image: where data may be. A hint, never content. */
import { fail } from '../model/diagnostic.ts';

/** One line of the map; all numbers are bytes. */
export interface QemuExtent {
  readonly start: number;
  readonly length: number;
  /** 0 for the image itself, 1 for its backing file, and so on. */
  readonly depth: number;
  /** False where no image of the chain says anything. */
  readonly present: boolean;
  /** Reads as zeros. */
  readonly zero: boolean;
  readonly data: boolean;
  /** Where the bytes are in the file of that depth; absent for zeros and for compressed clusters. */
  readonly offset?: number;
}

/** Reads the map; extents must follow each other without gaps. */
export function parseQemuMap(json: string): readonly QemuExtent[] {
  const list: unknown = JSON.parse(json);
  if (!Array.isArray(list)) return fail('QEMU_MAP', 'the map of qemu-img is not a list');
  let end = 0;
  return list.map((item: Partial<QemuExtent>) => {
    const { start, length, depth, zero, data, offset } = item;
    if (start !== end || typeof length !== 'number' || typeof depth !== 'number')
      fail('QEMU_MAP', `the map of qemu-img breaks off at byte ${end}`, { detail: JSON.stringify(item) });
    end = start + length;
    return {
      start,
      length,
      depth,
      present: item.present ?? true,
      zero: zero === true,
      data: data === true,
      ...(offset === undefined ? {} : { offset }),
    };
  });
}

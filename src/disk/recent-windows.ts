/** A source that keeps what was read lately: what a file system keeps about its files is read in small pieces. */
import { checkRange, type ByteSource } from './source.ts';

const WINDOW = 64 * 1024;
/** 16 MiB in all. */
const KEPT = 256;

/** The same bytes; longer pieces than a window are read past it. */
export function recentWindows(source: ByteSource): ByteSource {
  const windows = new Map<number, Buffer>();

  const windowAt = (start: number): Buffer => {
    const bytes = windows.get(start) ?? source.read(start, Math.min(WINDOW, source.size - start));
    windows.delete(start);
    windows.set(start, bytes);
    if (windows.size > KEPT) windows.delete(windows.keys().next().value!);
    return bytes;
  };

  return {
    ...(source.origin === undefined ? {} : { origin: source.origin }),
    size: source.size,
    read(offset, length) {
      checkRange('the source', source.size, offset, length);
      const first = offset - (offset % WINDOW);
      if (length === 0 || offset + length > first + 2 * WINDOW) return source.read(offset, length);
      const from = windowAt(first);
      if (offset + length <= first + WINDOW) return Buffer.from(from.subarray(offset - first, offset - first + length));
      const rest = offset + length - first - WINDOW;
      return Buffer.concat([from.subarray(offset - first), windowAt(first + WINDOW).subarray(0, rest)]);
    },
  };
}

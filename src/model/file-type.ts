/** Words for what is neither a file nor a folder. */
import type { Stats } from 'node:fs';

/** What a thing is that is neither a file, a folder nor a symlink. */
export function specialType(stats: Stats): string {
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** Shows partitions and the files of a file system. */
import { SECTOR, type FileSystemEntry, type Partition } from '../disk/index.ts';
import { alignColumns, formatBytes } from './format.ts';
import { printable } from './printable.ts';

/** One line a file: size, name; folders end in a slash, symlinks show where they lead. */
export function formatEntries(entries: readonly FileSystemEntry[]): string {
  return lines(
    entries.map(({ type, size, name, target }) => [
      type === 'file' ? formatBytes(size) : '-',
      `${printable(name)}${type === 'directory' ? '/' : ''}${target === undefined ? '' : ` -> ${printable(target)}`}`,
    ]),
  );
}

/** One line a partition. */
export function formatPartitions(partitions: readonly Partition[]): string {
  return lines(partitions.map(({ number, sectors, type }) => [`p${number}:`, formatBytes(sectors * SECTOR), type]));
}

function lines(rows: readonly (readonly string[])[]): string {
  return alignColumns(rows)
    .map((line) => `${line}\n`)
    .join('');
}

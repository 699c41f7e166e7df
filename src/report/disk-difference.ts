/** Shows what differs between two disks. */
import type { ByteRange, DiskDifference, FileDifference, RegionDifference } from '../disk/index.ts';
import { alignColumns, formatBytes, plural, printable } from './format.ts';

const SIGNS = { added: '+', removed: '-', changed: '~', moved: '~' } as const;
/** Byte ranges of a region that are shown where there are no files to show. */
const SHOWN_RANGES = 5;

/** The text for people. */
export function formatDifference({ sizes: [before, after], regions }: DiskDifference): string {
  if (before === after && regions.length === 0) return 'the disks are equal\n';
  const size = before === after ? [] : [`size: ${formatBytes(before)} -> ${formatBytes(after)}`];
  return [...size, ...regions.flatMap(regionLines)].map((line) => `${line}\n`).join('');
}

function regionLines(region: RegionDifference): string[] {
  const { name, change, bytes, rangeCount, files, problem } = region;
  const what = rangeCount === 0 ? change : `${change}, ${formatBytes(bytes)} in ${plural(rangeCount, 'range')}`;
  return [
    `${name}: ${what}`,
    ...(problem === undefined ? [] : [`  its files cannot be compared: ${printable(problem)}`]),
    ...(files ? fileLines(files) : rangeLines(region)),
  ];
}

function fileLines(files: readonly FileDifference[]): string[] {
  if (files.length === 0) return ['  no file differs, only what the file system keeps about them'];
  const rows = files.map(({ path, change, before, after }) => [
    `  ${SIGNS[change]} ${printable(path)}${(after ?? before)?.type === 'directory' ? '/' : ''}`,
    [before, after]
      .filter((side) => side !== undefined)
      .map(sideText)
      .join(' -> '),
  ]);
  return alignColumns(rows);
}

function sideText({ type, size, target }: NonNullable<FileDifference['after']>): string {
  if (target !== undefined) return `link to ${printable(target)}`;
  return type === 'file' ? formatBytes(size) : type;
}

function rangeLines({ ranges, rangeCount }: RegionDifference): string[] {
  const shown = ranges.slice(0, SHOWN_RANGES).map(rangeText);
  const hidden = rangeCount - shown.length;
  return hidden > 0 ? [...shown, `  and ${plural(hidden, 'range')} more`] : shown;
}

function rangeText({ offset, length }: ByteRange): string {
  return `  ~ byte ${offset}: ${formatBytes(length)}`;
}

/** Shows what differs between two disks. */
import type { ByteRange, DiskDifference, FileDifference, RegionDifference } from '../disk/index.ts';
import { alignColumns, formatBytes, plural } from './format.ts';
import { printable } from './printable.ts';

const SIGNS = { added: '+', removed: '-', changed: '~', moved: '~' } as const;
/** Byte ranges of a region that are shown where there are no files to show. */
const SHOWN_RANGES = 5;

/** The text for people. */
export function formatDifference({ sizes: [before, after], regions, problems }: DiskDifference): string {
  if (before === after && regions.length === 0) return 'the disks are equal\n';
  const size = before === after ? [] : [`size: ${formatBytes(before)} -> ${formatBytes(after)}`];
  return [...problems.map(printable), ...size, ...regions.flatMap(regionLines)].map((line) => `${line}\n`).join('');
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
  const rows = files.map(({ path, change, before, after, problem }) => [
    `  ${SIGNS[change]} ${printable(path)}${(after ?? before)?.type === 'directory' ? '/' : ''}`,
    problem === undefined
      ? [before, after]
          .filter((side) => side !== undefined)
          .map(sideText)
          .join(' -> ')
      : `cannot be compared: ${printable(problem)}`,
  ]);
  return alignColumns(rows);
}

function sideText({ type, size, target, properties = {} }: NonNullable<FileDifference['after']>): string {
  const what = target === undefined ? (type === 'file' ? formatBytes(size) : type) : `link to ${printable(target)}`;
  return [what, ...Object.entries(properties).map(([name, value]) => `${name} ${value}`)].join(', ');
}

function rangeLines({ ranges, rangeCount }: RegionDifference): string[] {
  const shown = ranges.slice(0, SHOWN_RANGES).map(rangeText);
  const hidden = rangeCount - shown.length;
  return hidden > 0 ? [...shown, `  and ${plural(hidden, 'range')} more`] : shown;
}

function rangeText({ offset, length }: ByteRange): string {
  return `  ~ byte ${offset}: ${formatBytes(length)}`;
}

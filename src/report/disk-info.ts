/** Shows what is on a disk. */
import type { Content, DiskDescription, FileSystemIdentity, Partition } from '../disk/index.ts';
import type { MdSuperblock } from '../disk/index.ts';
import { SECTOR } from '../disk/index.ts';
import { alignColumns, formatBytes, plural } from './format.ts';
import { printable } from './printable.ts';

/** What `--verify` found of a disk that is whole. */
export interface Verification {
  readonly files: number;
  /** Of the tree: what the artifact is known by. */
  readonly digest: string;
  /** What the blocks were compared with. */
  readonly against: 'SHA256SUMS' | 'the store' | 'its digest' | 'nothing';
}

export interface DiskInfo extends DiskDescription {
  readonly name: string;
  readonly digest?: string;
  readonly verification?: Verification;
}

/** The text for people. */
export function formatDiskInfo(info: DiskInfo): string {
  const rows = [
    ['size', `${formatBytes(info.size)}, ${formatBytes(info.data)} of data`],
    ['table', info.table ? `${info.table.scheme}, ${info.table.diskId}` : 'none'],
    ...(info.table?.problems ?? []).map((problem) => ['note', problem]),
    ['boot', info.grub ? 'GRUB in sector 0' : 'no GRUB in sector 0'],
    ...(info.digest ? [['digest', info.digest]] : []),
    ...(info.verification ? [['verified', verifiedText(info.verification)]] : []),
    ...(info.whole ? [['holds', contentText(info.whole) || 'nothing that is recognised']] : []),
    ...(info.problem ? [['problem', info.problem]] : []),
  ];
  const partitions = info.partitions.map(partitionRow);
  return [
    printable(info.name),
    ...alignColumns(rows).map((line) => `  ${line}`),
    ...(partitions.length > 0
      ? [
          '',
          ...alignColumns([['part', 'first sector', 'size', 'type', 'holds'], ...partitions]).map(
            (line) => `  ${line}`,
          ),
        ]
      : []),
    '',
  ].join('\n');
}

function verifiedText({ files, digest, against }: Verification): string {
  const what = `${plural(files, 'file')} read, digest ${digest}`;
  return against === 'nothing'
    ? `${what}; there is no SHA256SUMS: compare the digest, as a missing block reads as zeros`
    : `${what}; all as ${against} says`;
}

function partitionRow(partition: Partition & Content): string[] {
  const { number, start, sectors, type, active, name } = partition;
  const kind = `${type}${active ? ', active' : ''}${name ? ` "${printable(name)}"` : ''}`;
  return [`p${number}`, String(start), formatBytes(sectors * SECTOR), kind, contentText(partition)];
}

function contentText({ array, fileSystem, problem }: Content): string {
  return [array && arrayText(array), fileSystem && fileSystemText(fileSystem), problem && printable(problem)]
    .filter((text) => text)
    .join(', ');
}

function arrayText({ version, level, uuid, name, preferredMinor, events }: MdSuperblock): string {
  const device = name ? `"${printable(name)}"` : `md${preferredMinor ?? ''}`;
  return `${device} raid${level} ${version} ${uuid} events ${events}`;
}

function fileSystemText({ type, label, uuid, needsRecovery }: FileSystemIdentity): string {
  const parts = [type, label && `"${printable(label)}"`, uuid, needsRecovery && '(not unmounted cleanly)'];
  return parts.filter((part) => part).join(' ');
}

/** What an image is: as this project reads it, and as blkid does. */
import { spawnSync } from 'node:child_process';
import {
  describeDisk,
  fileSource,
  fileSystemSource,
  identifyFileSystem,
  rawBlocks,
  readPartitions,
  type Content,
} from '../../src/disk/index.ts';

/** The kinds that are compared. */
export type Kind = 'ext' | 'FAT' | 'md' | 'GPT';

export interface Identity {
  readonly kind: Kind;
  /** For example `ext4`, `fat16`, `md 1.2`, `gpt`. */
  readonly type: string;
  readonly uuid?: string;
  readonly label?: string;
}

/** By `blkid -p`; undefined for what is none of these kinds. What had a disk before its DOS table may still be told, too. */
export function byBlkid(file: string): Identity | 'DOS table' | undefined {
  const { stdout, error } = spawnSync('blkid', ['-p', '-o', 'export', file], { encoding: 'latin1' });
  if (error) throw error;
  const said = new Map(
    [...stdout.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, unescaped(value)]),
  );
  const type = said.get('TYPE') ?? '';
  const uuid = said.get('UUID');
  const label = said.get('LABEL');
  if (said.get('PTTYPE') === 'dos') return 'DOS table';
  const rest = { ...(uuid ? { uuid } : {}), ...(label ? { label } : {}) };
  if (/^(ext\d|jbd)/.test(type)) return { kind: 'ext', type: type.replace('ext4dev', 'ext4'), ...rest };
  if (type === 'vfat') return { kind: 'FAT', type: (said.get('VERSION') ?? '').toLowerCase(), ...rest };
  if (type === 'linux_raid_member')
    return { kind: 'md', type: `md ${said.get('VERSION')?.replace(/^0\.90\..*/, '0.90')}`, ...rest };
  if (said.get('PTTYPE') === 'gpt') return { kind: 'GPT', type: 'gpt', uuid: said.get('PTUUID') ?? '' };
  return undefined;
}

/** By this project; throws what it refuses. */
export function byUs(file: string): Identity | { readonly problem: string } | undefined {
  using source = fileSource(file);
  const { table, whole, problem } = describeDisk(rawBlocks(source, [{ offset: 0, length: source.size }]), 0);
  if (table?.scheme === 'gpt') return { kind: 'GPT', type: 'gpt', uuid: table.diskId.toLowerCase() };
  const found = whole && identityOf(whole);
  if (found) return found;
  const wrong = problem ?? whole?.problem;
  if (wrong === undefined) return undefined;
  // That is a message alone: what is thrown here tells a refusal from a crash.
  readPartitions(source);
  identifyFileSystem(fileSystemSource(source));
  return { problem: wrong };
}

function identityOf({ array, fileSystem }: Content): Identity | undefined {
  if (array) {
    const name = array.name ? { label: array.name } : {};
    return { kind: 'md', type: `md ${array.version}`, uuid: dashed(array.uuid), ...name };
  }
  if (!fileSystem) return undefined;
  const { type, uuid, label } = fileSystem;
  const kind = type.startsWith('fat') ? 'FAT' : /^(ext|jbd)/.test(type) ? 'ext' : undefined;
  return kind && { kind, type, ...(uuid ? { uuid } : {}), ...(label ? { label } : {}) };
}

/** mdadm writes colons where blkid has dashes. */
function dashed(uuid: string): string {
  return uuid.replaceAll(':', '').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** blkid puts a backslash before what a shell would take for its own, and `M-` in the place of a high bit. */
function unescaped(text: string): string {
  return text
    .replaceAll(/\\(.)/g, '$1')
    .replaceAll(/M-(.)/g, (_, char: string) => String.fromCharCode(char.charCodeAt(0) | 0x80));
}

export function textOf(identity: Identity | { readonly problem: string } | undefined): string {
  if (!identity) return 'nothing';
  if ('problem' in identity) return `refused: ${identity.problem}`;
  const { type, uuid = '-', label = '-' } = identity;
  return `${type} ${uuid} ${JSON.stringify(label)}`;
}

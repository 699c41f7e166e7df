/** ext2, ext3 and ext4: the superblock by field, inodes by path, then files by path (Linux, `fs/ext4/ext4.h`). */
import { openExt, type ExtInode, type ExtVolume } from '../disk/index.ts';
import { hasExt } from '../disk/ext4/volume.ts';
import { compareEntries, keyed } from './entries.ts';
import type { Comparer, Finding, Inside } from './finding.ts';
import { compareDescribed, compareRecords, type Field } from './record.ts';
import { hexNumber, number, octal, printableName, quote, text, time, uuid, type Show } from './show.ts';

const superblockField = (at: number, size: number, name: string, show?: Show, derived = false): Field => ({
  name: `ext4 superblock ${name}`,
  at,
  size,
  derived,
  ...(show ? { show } : {}),
});

const SUPERBLOCK_FIELDS: readonly Field[] = [
  superblockField(0x68, 16, 'UUID', uuid),
  superblockField(0xec, 16, 'hash seed', uuid),
  superblockField(0x108, 4, 'mkfs time', time),
  superblockField(0x78, 16, 'volume name', text),
  superblockField(0x00, 4, 'inode count', number),
  superblockField(0x04, 4, 'block count', number),
  superblockField(0x0c, 4, 'free blocks', number, true),
  superblockField(0x10, 4, 'free inodes', number, true),
  superblockField(0x2c, 4, 'mount time', time),
  superblockField(0x30, 4, 'write time', time),
  superblockField(0x34, 2, 'mount count', number),
  superblockField(0x36, 2, 'maximum mount count', number),
  superblockField(0x3a, 2, 'state', hexNumber),
  superblockField(0x40, 4, 'time of the last check', time),
  superblockField(0x5c, 4, 'compatible features', hexNumber),
  superblockField(0x60, 4, 'incompatible features', hexNumber),
  superblockField(0x64, 4, 'read-only features', hexNumber),
  superblockField(0x88, 64, 'last mounted on', text),
  superblockField(0xd0, 16, 'journal UUID', uuid),
  superblockField(0xe0, 4, 'journal inode', number),
  superblockField(0xe8, 4, 'last orphan', number),
  superblockField(0xfc, 1, 'hash version', number),
  superblockField(0x10c, 68, 'copy of the journal inode', undefined, true),
  superblockField(0x160, 4, 'flags', hexNumber),
  superblockField(0x178, 8, 'KiB written', number),
  superblockField(0x248, 4, 'overhead blocks', number, true),
  superblockField(0x270, 4, 'checksum seed', hexNumber, true),
  superblockField(0x274, 6, 'high bytes of times'),
  superblockField(0x3fc, 4, 'checksum', hexNumber, true),
];

const INODE: readonly Field[] = [
  { name: 'inode i_mode', at: 0x00, size: 2, show: octal },
  { name: 'inode i_uid', at: 0x02, size: 2, show: number },
  { name: 'inode i_size', at: 0x04, size: 4, show: number, derived: true },
  { name: 'inode i_atime', at: 0x08, size: 4, show: time },
  { name: 'inode i_ctime', at: 0x0c, size: 4, show: time },
  { name: 'inode i_mtime', at: 0x10, size: 4, show: time },
  { name: 'inode i_dtime', at: 0x14, size: 4, show: time },
  { name: 'inode i_gid', at: 0x18, size: 2, show: number },
  { name: 'inode i_links_count', at: 0x1a, size: 2, show: number },
  { name: 'inode i_blocks', at: 0x1c, size: 4, show: number, derived: true },
  { name: 'inode i_flags', at: 0x20, size: 4, show: hexNumber },
  { name: 'inode i_version', at: 0x24, size: 4, show: number },
  { name: 'inode i_block', at: 0x28, size: 60, derived: true },
  { name: 'inode i_generation', at: 0x64, size: 4, show: hexNumber },
  { name: 'inode i_file_acl', at: 0x68, size: 4, show: number, derived: true },
  { name: 'inode i_size_high', at: 0x6c, size: 4, show: number, derived: true },
  { name: 'inode i_blocks_high', at: 0x74, size: 2, show: number, derived: true },
  { name: 'inode i_uid_high', at: 0x78, size: 2, show: number },
  { name: 'inode i_gid_high', at: 0x7a, size: 2, show: number },
  { name: 'inode i_checksum', at: 0x7c, size: 2, show: hexNumber, derived: true },
  { name: 'inode i_extra_isize', at: 0x80, size: 2, show: number },
  { name: 'inode i_checksum_high', at: 0x82, size: 2, show: hexNumber, derived: true },
  { name: 'inode i_ctime_extra', at: 0x84, size: 4, show: hexNumber },
  { name: 'inode i_mtime_extra', at: 0x88, size: 4, show: hexNumber },
  { name: 'inode i_atime_extra', at: 0x8c, size: 4, show: hexNumber },
  { name: 'inode i_crtime', at: 0x90, size: 4, show: time },
  { name: 'inode i_crtime_extra', at: 0x94, size: 4, show: hexNumber },
  { name: 'inode i_version_high', at: 0x98, size: 4, show: number },
  { name: 'inode i_projid', at: 0x9c, size: 4, show: number },
];

export const extComparer: Comparer = {
  name: 'an ext file system',
  recognises: hasExt,
  async *compare({ before, after }, inside) {
    const [a, b] = [openExt(before), openExt(after)];
    yield* compareRecords('ext4 superblock', SUPERBLOCK_FIELDS, before.read(1024, 1024), after.read(1024, 1024));
    yield* compareEntries('file', inodesOf(a), inodesOf(b), (path, x, y) => fileFindings(path, x, y, inside));
  },
};

function inodesOf(volume: ExtVolume): Map<string, ExtInode> {
  return keyed([...volume.inodes()].map((inode) => [`/${inode.path}`, inode] as const));
}

async function* fileFindings(path: string, before: ExtInode, after: ExtInode, inside: Inside): AsyncGenerator<Finding> {
  const name = printableName(path);
  if (before.number !== after.number)
    yield { at: [name], what: 'inode number', before: String(before.number), after: String(after.number) };
  const [target, newTarget] = [before.entry.target ?? '', after.entry.target ?? ''];
  if (target !== newTarget)
    yield { at: [name], what: 'symlink target', before: quote(target), after: quote(newTarget) };
  const isFile = before.entry.type === 'file' && after.entry.type === 'file';
  const content = isFile ? inside.part({ before: before.content(), after: after.content() }) : undefined;
  const told = new Set<string>();
  for await (const finding of compareDescribed('inode', INODE, before.record, after.record, content)) {
    told.add(finding.what);
    // Nanoseconds of a time whose seconds were told already.
    if (!told.has(finding.what.replace(/_extra$/, '')) || !finding.what.endsWith('_extra'))
      yield { ...finding, at: [name, ...finding.at] };
  }
}

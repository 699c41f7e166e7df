/** Rule: files laid into a finished disk. */
import { attr, rule, Tree } from 'dsmb';
import { Disk } from '../kinds.ts';
import { lateFileTools } from '../toolchains.ts';

/**
 * Lays files, folders and links into a file system of a disk, and takes some away, without a machine: what is known late (a
 * host name, keys, a message of the day) repeats no installation. Only the blocks that differ are new. The file system must
 * be ext2, ext3, ext4 or FAT, cleanly unmounted, on a partition or on a mirrored array of which the disk has one member.
 */
export const withFiles = rule({
  name: 'withFiles',
  makes: Disk,
  attributes: {
    disk: Disk,
    /** Number of the partition, as `dsmb disk info` shows it. */
    partition: attr.integer,
    /** Its content is laid over the file system's root; folders that are there stay. */
    files: attr.optional(Tree),
    /** Files by their paths: `{ '/etc/hostname': 'nas\n' }`. */
    texts: attr.optional(attr.record(attr.string)),
    /** Symlinks by their paths: where each leads. Not on FAT. */
    links: attr.optional(attr.record(attr.string)),
    /** Modes by paths, also of what is there: `{ '/etc/shadow': '640' }`. 644 by default, 755 for programs and folders. */
    modes: attr.optional(attr.record(attr.string)),
    /** Owners by paths, in numbers: `{ '/home/user': '1000:1000' }`. 0:0 by default. */
    owners: attr.optional(attr.record(attr.string)),
    /** What is taken away, folders with all that is in them. Taken away before anything is laid. */
    remove: attr.optional(attr.list(attr.string)),
  },
  implement({ disk, partition, files, texts = {}, links = {}, modes = {}, owners = {}, remove = [] }, actions) {
    return actions.step({
      mnemonic: 'WithFiles',
      module: () => import('./with-files.step.ts'),
      toolchains: [actions.toolchain(lateFileTools)],
      args: { partition, texts, links, modes, owners, remove },
      inputs: { disk, ...(files ? { files } : {}) },
      hints: { assembled: ['disk'] },
      outputs: { disk: Disk },
    }).disk;
  },
});

/** The kinds of artifacts between packages and a disk. */
import { kind, type Target } from 'dsmb';

/** A kernel as its package has it: `boot/vmlinuz-…` and `lib/modules`. */
export const Kernel = kind('Kernel', 'folder');
export type Kernel = Target<'Kernel'>;

/** A compressed cpio archive that the kernel unpacks as its first root. */
export const Initrd = kind('Initrd', 'file');
export type Initrd = Target<'Initrd'>;

/** An ext4 file system without a partition table, in the form of a `Disk`, so that it is spliced without being copied. */
export const Ext4Image = kind('Ext4Image', 'folder');
export type Ext4Image = Target<'Ext4Image'>;

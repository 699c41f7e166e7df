/**
 * A Debian disk for clouds, made of Debian's packages: the file system is made without root, dpkg installs the packages
 * in a virtual machine that runs from that disk, and the result is booted before it is packed.
 */
import { debianArchives, debianPackages, file, folder } from 'dsmb';
import { diskArchive, withFiles } from 'dsmb/rules';
import * as debian from './rules.ts';
import { RELEASE, SYSTEM } from './packages.ts';

/** Every package of the system, as dpkg takes it. */
export const archives = debianArchives(...SYSTEM);

/** The kernel and its modules. */
export const kernel = debian.kernel({ from: debianPackages(`linux-image-${RELEASE}`), release: RELEASE });

/** Mounts the root file system, in the installation and on the finished disk. */
export const initrd = debian.initrd({
  kernel,
  busybox: debianPackages('busybox-static'),
  init: file('init'),
  modules: ['virtio_pci', 'virtio_blk', 'virtio_net'],
});

/** The first stage of debootstrap: all packages unpacked, and beside them the kernel and our own settings. */
export const firstStage = debian.firstStage({
  archives,
  boot: debian.bootFiles({ kernel, initrd }),
  overlay: folder('overlay'),
  unpack: file('unpack'),
  sizeMiB: 1024,
});

/** The same as a disk with GRUB. */
export const unpackedDisk = debian.bootable({ root: firstStage });

/** The second stage: dpkg configures all packages, in a virtual machine that runs from the disk. */
export const installedDisk = debian.installed({ disk: unpackedDisk, kernel, initrd });

/** What is decided late, laid into the finished file system: no machine installs again for it. */
export const finishedDisk = withFiles({ disk: installedDisk, partition: 1, files: folder('late') });

/** Boots the disk alone and logs in. */
export const bootedDisk = debian.booted({ disk: finishedDisk });

/** What is uploaded. */
export const image = diskArchive({ disk: finishedDisk, name: 'debian', format: 'qcow2', validations: [bootedDisk] });

/** Rules for disk images with the kinds of artifacts that they take and make. */
export * from './kinds.ts';
export { bootedDisk } from './booted-disk/booted-disk.ts';
export { bootImage } from './boot-image/boot-image.ts';
export { bootPartition } from './boot-partition/boot-partition.ts';
export { bootableDisk } from './bootable-disk/bootable-disk.ts';
export { cloudInstaller } from './cloud-installer/cloud-installer.ts';
export { diskArchive } from './disk-archive/disk-archive.ts';
export { grubConfig } from './grub-config/grub-config.ts';
export { loaderFiles } from './loader-files/loader-files.ts';
export { mdadmConf } from './mdadm-conf/mdadm-conf.ts';
export { patchedExtra } from './patched-extra/patched-extra.ts';
export { installedDisk } from './installed-disk/installed-disk.ts';
export { kernelModule, driversFolder } from './kernel-module/kernel-module.ts';
export { settledDisk } from './settled-disk/settled-disk.ts';
export { verifiedDisk } from './verified-disk/verified-disk.ts';
export { program } from './program/program.ts';
export { test } from './test/test.ts';

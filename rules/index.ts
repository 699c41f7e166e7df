export { bootImage } from './boot-image/boot-image.ts';
export { bootPartition } from './boot-partition/boot-partition.ts';
export { bootableDisk } from './bootable-disk/bootable-disk.ts';
export { cloudTarball } from './cloud-tarball/cloud-tarball.ts';
export { grubConfig } from './grub-config/grub-config.ts';
export { loaderFiles } from './loader-files/loader-files.ts';
export { mdadmConf } from './mdadm-conf/mdadm-conf.ts';
export { patchedExtra } from './patched-extra/patched-extra.ts';

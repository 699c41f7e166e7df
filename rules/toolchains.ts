/** The toolchains of the rules: small sets of Debian packages, so that an update of one leaves the others' results alone. */
import { debianPackages, toolchain } from 'dsmb';

/** FAT file systems, made and filled without mounting. */
export const fatTools = toolchain('mtools', 'dosfstools');

/** GRUB 2 for BIOS: boot.img, core.img, modules. */
export const grubTools = toolchain('grub-pc-bin', 'grub-common');

/** GRUB 2 for UEFI: modules alone. */
export const grubEfiTools = toolchain('grub-efi-amd64-bin', 'grub-common');

/** UEFI for QEMU. */
export const efiFirmware = debianPackages('ovmf');

/** LZMA and xz. */
export const overlayTools = toolchain('xz-utils');

/** QEMU for x86 with its firmware, and qemu-img. */
export const vmTools = toolchain('qemu-system-x86', 'qemu-utils', 'seabios', 'ipxe-qemu');

/** bsdtar, bsdcat and qemu-img: archives, compressed files and images of disks, as people download them. */
export const imageTools = toolchain('libarchive-tools', 'qemu-utils');

/** debugfs, e2image and mtools: file systems changed without mounting them. */
export const lateFileTools = toolchain('dosfstools', 'e2fsprogs', 'mtools');

/** rclone, for uploads to any cloud storage. */
export const uploadTools = toolchain('rclone');

/** ssh, tar to send folders, and a list of users for ssh, which insists on one. */
export const sshTools = toolchain('dash', 'libnss-wrapper', 'openssh-client', 'tar');

/** tar, for archives of xz-compressed sources. */
export const tarTools = toolchain('tar', 'xz-utils');

/**
 * Rented hosts of other kinds: LVM, RAID, btrfs, extlinux, UEFI. Each is as small as it can be, a shell from packages of Debian
 * that lives in the storage it has made for itself with Debian's tools, so that a test of one takes a minute.
 */
import { debianPackages, file, folder, toolchain } from 'dsmb';
import * as nas from '../../../build.dsm.ts';
import { gzipInitrd } from '../../../rules/cloud-installer/initrd.ts';
import { tree } from '../../../rules/system-files/files.ts';
import { KERNEL_VERSION } from '../../../rules/system-files/kernel-version.ts';
import { kernelModules } from '../../../rules/system-files/modules.ts';
import { fileOf, pickPrograms } from '../../../rules/system-files/pick.ts';
import { efiFirmware } from '../../../rules/toolchains.ts';
import { grubForHost } from './grub.ts';
import { looked } from './looked.ts';

const kernelPackage = debianPackages(`linux-image-${KERNEL_VERSION}`);

export const kernel = fileOf({ folder: kernelPackage, path: `boot/vmlinuz-${KERNEL_VERSION}` });

const modules = kernelModules({
  kernel: kernelPackage,
  version: KERNEL_VERSION,
  modules: [
    ...['crct10dif_generic', 'crc32c_generic', 'virtio_pci', 'virtio_blk', 'virtio_net', 'button'],
    ...['ext4', 'btrfs', 'vfat', 'nls_cp437', 'nls_ascii', 'efivarfs', 'dm_mod', 'raid1'],
  ],
  list: 'etc/modules',
});

const programs = pickPrograms({
  packages: toolchain(
    ...['btrfs-progs', 'dosfstools', 'e2fsprogs', 'efibootmgr', 'extlinux', 'fdisk', 'grub-common', 'kexec-tools'],
    ...['lvm2', 'mdadm'],
  ),
  programs: [
    ...['usr/bin/efibootmgr', 'usr/bin/extlinux', 'usr/bin/grub-editenv', 'usr/sbin/kexec', 'usr/sbin/lvm'],
    ...['usr/sbin/mdadm', 'usr/sbin/mke2fs', 'usr/sbin/mkfs.btrfs', 'usr/sbin/mkfs.fat', 'usr/sbin/sfdisk'],
  ],
});

const busybox = pickPrograms({ packages: debianPackages('busybox-static'), programs: ['usr/bin/busybox'] });

/** The whole system, which furnishes the disk that it is told of. */
export const initrd = gzipInitrd({
  layers: [
    folder('system'),
    modules,
    programs,
    busybox,
    tree({
      files: {
        'usr/share/host/vmlinuz': kernel,
        'usr/share/host/mbr.bin': fileOf({
          folder: debianPackages('syslinux-common'),
          path: 'usr/lib/syslinux/mbr/mbr.bin',
        }),
        'usr/share/host/grubx64.efi': grubForHost({}),
        'usr/share/host/grub.cfg': file('../grub/grub.cfg'),
        'usr/share/host/grubenv': file('../grub/grubenv'),
      },
    }),
  ],
  links: {
    bin: 'usr/bin',
    lib: 'usr/lib',
    lib64: 'usr/lib/x86_64-linux-gnu',
    sbin: 'usr/sbin',
    'usr/bin/sh': 'busybox',
  },
});

const system = { kernel, initrd, installer: nas.cloudInstaller };
const NO_ENTRY = 'GRUB cannot write to /boot here, so that an entry would be valid for ever\\n +use --kexec';
const PLAN = 'everything on it will be lost[^]*at once, by kexec';

/** GRUB cannot write to its environment, so that only kexec is possible. */
export const lvm = looked({
  ...system,
  kind: 'lvm',
  looks: { '': NO_ENTRY, '--kexec': `disk +/dev/vda, 20\\.0 GiB, table cafe0001, [^]*${PLAN}` },
});

/** Its system is on two disks, of which one has to be named. */
export const md = looked({
  ...system,
  kind: 'md',
  disks: 2,
  looks: {
    '--kexec': '/ lies on several disks: vda vdb *\\n +name the one to overwrite with --disk',
    '--disk /dev/vda': NO_ENTRY,
    '--kexec --disk /dev/vdb': `disk +/dev/vdb, [^]*table cafe0002,[^]*${PLAN}`,
  },
});

export const btrfs = looked({
  ...system,
  kind: 'btrfs',
  looks: { '': NO_ENTRY, '--kexec': `disk +/dev/vda, 20\\.0 GiB, table cafe0001, [^]*${PLAN}` },
});

/** It becomes the NAS by kexec, and not one byte of the other disk, which is as large, is written. */
export const extlinux = looked({
  ...system,
  kind: 'extlinux',
  disks: 2,
  boots: true,
  looks: {
    '': 'there is no GRUB that this script knows\\n +use --kexec',
    '--kexec': `disk +/dev/vdb, [^]*table cafe0001,[^]*not touched +/dev/vda, 20\\.0 GiB[^]*at once, by kexec`,
  },
  install: '--kexec',
});

/** It becomes the NAS by an entry of GRUB, and its firmware has an entry for a system that is gone then. */
export const efi = looked({
  ...system,
  kind: 'efi',
  firmware: efiFirmware,
  boots: true,
  looks: { '': 'by an entry of GRUB \\(/boot/grub\\) that is valid once, with efi' },
  install: '',
});

/** A disk with less room than the image needs. */
export const small = looked({
  ...system,
  kind: 'extlinux',
  sizeGiB: 8,
  looks: { '--kexec': '/dev/vda has 8\\.0 GiB, the image 20\\.0 GiB\\n +take a larger disk' },
});

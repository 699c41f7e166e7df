/** The open stand-in guest: a loader, drivers and a .pat in the shapes of the originals, from Debian packages. */
import { debianPackages, file, folder, param, toolchain } from 'dsmb';
import { driversFolder, kernelModule } from '../rules/kernel-module/kernel-module.ts';
import { cProgram } from '../rules/system-files/c-program.ts';
import { versionFile, type DsmVersion } from './dsm-version.ts';
import { textFile, tree } from '../rules/system-files/files.ts';
import { initrd } from './initrd.ts';
import { KERNEL_VERSION } from '../rules/system-files/kernel-version.ts';
import { standInLoader } from './loader.ts';
import { kernelModules } from '../rules/system-files/modules.ts';
import { standInPat, systemArchive } from './pat.ts';
import { fileOf, pickPrograms } from '../rules/system-files/pick.ts';

const version: DsmVersion = { model: 'DS3615xs', platform: 'bromolow', version: '6.1.7', build: '15284' };

/** MiB of the kernel's files in the installed system, as filling: a larger disk for measurements. */
export const payloadMiB = param.integer({ default: 4, doc: 'MiB of filling in the stand-in system' });

/** Debian's kernel with its modules, unpacked. */
export const kernelPackage = debianPackages(`linux-image-${KERNEL_VERSION}`);

/** The kernel: the loader's `zImage`. */
export const kernel = fileOf({ folder: kernelPackage, path: `boot/vmlinuz-${KERNEL_VERSION}` });

/** Headers, compiler and the programs that a kernel build calls: for modules of this kernel, and for small programs. */
export const buildTools = toolchain(
  `linux-headers-${KERNEL_VERSION}`,
  'binutils',
  'coreutils',
  'dash',
  'findutils',
  'gcc-12',
  'grep',
  'libc6-dev',
  'make',
  'mawk',
  'sed',
);

/** virtio_blk that calls its disks sda, sdb …: the article's patched driver. */
export const driver = kernelModule({
  source: debianPackages('linux-source-6.1'),
  archive: 'usr/src/linux-source-6.1.tar.xz',
  file: 'drivers/block/virtio_blk.c',
  replace: { from: 'virtblk_name_format("vd"', to: 'virtblk_name_format("sd"' },
  headers: buildTools,
  kernelVersion: KERNEL_VERSION,
});

/** The drivers to add to the loader's overlay. */
export const drivers = driversFolder({ modules: { virtio_blk: driver } });

/** What the initrd loads before the overlay's drivers: disks, arrays, file systems, virtio without its disks. */
export const modules = kernelModules({
  kernel: kernelPackage,
  version: KERNEL_VERSION,
  modules: [
    'crct10dif_generic',
    'crc32c_generic',
    'sd_mod',
    'ata_piix',
    'raid1',
    'ext4',
    'vfat',
    'nls_cp437',
    'nls_ascii',
    'virtio_pci',
    'virtio_net',
    'button',
    'evdev',
  ],
  list: 'etc/modules.base',
});

/** What the overlay itself brings. */
export const extraModules = kernelModules({ kernel: kernelPackage, version: KERNEL_VERSION, modules: ['e1000'] });

/** busybox and mdadm with their libraries: in the initrd and in the installed system. */
export const programs = pickPrograms({
  // libudev1 needs libcap2 since Debian 13.
  packages: debianPackages('busybox-static', 'libc6', 'libcap2', 'libudev1', 'mdadm'),
  programs: ['usr/bin/busybox', 'usr/sbin/mdadm'],
});

const fileSystemPackages = ['e2fsprogs', 'libext2fs2', 'libcom-err2', 'libblkid1', 'libuuid1'] as const;

/** mke2fs with its libraries: in the initrd only. */
export const installerPrograms = pickPrograms({
  packages: debianPackages(...fileSystemPackages),
  programs: ['usr/sbin/mke2fs'],
  over: programs,
});

/** resize2fs and blkid with their libraries: in the installed system only. */
export const dataPrograms = pickPrograms({
  packages: debianPackages(...fileSystemPackages, 'util-linux'),
  programs: ['usr/sbin/blkid', 'usr/sbin/resize2fs'],
  over: programs,
});

/** Answers the discovery packets of search tools. */
export const findhostd = cProgram({ source: file('findhostd.c'), compiler: buildTools });

const VERSION = textFile({ name: 'VERSION', content: versionFile(version) });

const LINKS = {
  bin: 'usr/bin',
  lib: 'usr/lib',
  lib64: 'usr/lib/x86_64-linux-gnu',
  sbin: 'usr/sbin',
  'usr/bin/sh': 'busybox',
} as const;

/** The initrd: `rd.gz`. */
export const rd = initrd({
  layers: [
    folder('shared'),
    folder('initrd'),
    programs,
    installerPrograms,
    modules,
    tree({ files: { 'etc.defaults/VERSION': VERSION, 'usr/bin/findhostd': findhostd } }),
  ],
  links: { ...LINKS, init: 'usr/bin/busybox' },
});

/** The overlay as it comes with the loader: no virtio disks, and nothing that assembles arrays. */
export const extra = initrd({ layers: [folder('extra'), extraModules] });

/** A loader in the shape of the original's: `zImage`, `rd.gz`, `extra.lzma`. */
export const loader = standInLoader({ kernel, rd, extra, version });

/** The installed system: `hda1.tgz`. */
export const system = systemArchive({
  layers: [
    folder('shared'),
    folder('system'),
    programs,
    dataPrograms,
    tree({ files: { 'etc.defaults/VERSION': VERSION } }),
  ],
  links: { ...LINKS, 'usr/sbin/init': '../bin/busybox' },
  filling: { MiB: payloadMiB, from: kernelPackage },
});

/** An installation archive in the shape of the original's. */
export const pat = standInPat({ kernel, rd, system, version });

/** No settings: nothing is laid over the installed system. */
export const settings = tree({ files: {} });

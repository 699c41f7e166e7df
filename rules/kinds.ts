/** The kinds of artifacts in a disk image's life. Giving a rule the wrong one does not compile. */
import { kind, type Target } from 'dsmb';

/** A folder with `zImage`, `rd.gz`, `extra.lzma` and, where known, `loader.json` (model, version). */
export const Loader = kind('Loader', 'folder');
export type Loader = Target<'Loader'>;

/** A DSM installation archive (`.pat`). */
export const Pat = kind('Pat', 'file');
export type Pat = Target<'Pat'>;

/** Kernel modules to add to an overlay: a folder of `*.ko`, dependencies named in their own `modinfo`. */
export const Drivers = kind('Drivers', 'folder');
export type Drivers = Target<'Drivers'>;

/** One kernel module. */
export const KernelModule = kind('KernelModule', 'file');
export type KernelModule = Target<'KernelModule'>;

/** A cpio (newc) archive in LZMA-alone: an overlay over the loader's initrd. */
export const CpioLzma = kind('CpioLzma', 'file');
export type CpioLzma = Target<'CpioLzma'>;

/** A GRUB 2 configuration. */
export const GrubConfig = kind('GrubConfig', 'file');
export type GrubConfig = Target<'GrubConfig'>;

/** A small raw disk image with an MBR, bootable as it is. */
export const BootImage = kind('BootImage', 'file');
export type BootImage = Target<'BootImage'>;

/** A FAT file system without a partition table, in the form of a `Disk`, so that it is spliced without being copied. */
export const FatImage = kind('FatImage', 'folder');
export type FatImage = Target<'FatImage'>;

/** The arrays of a disk, as `mdadm --detail --scan` prints them. */
export const MdadmConf = kind('MdadmConf', 'file');
export type MdadmConf = Target<'MdadmConf'>;

/** A disk: a manifest (`disk.json`) and a tree of 1 MiB blocks; see `docs/disk-format.md`. */
export const Disk = kind('Disk', 'folder');
export type Disk = Target<'Disk'>;

/** What a verification found: `report.json`, `console.log`, `screen.png`. */
export const Report = kind('Report', 'folder');
export type Report = Target<'Report'>;

/** A packed disk with its checksums and manifest. */
export const Archive = kind('Archive', 'folder');
export type Archive = Target<'Archive'>;

/** What a host installs a disk from: blocks by digest, a manifest, a kernel and an initrd, and `install.sh`. */
export const Installer = kind('Installer', 'folder');
export type Installer = Target<'Installer'>;

/** What a test wrote while it passed. */
export const TestResult = kind('TestResult', 'file');
export type TestResult = Target<'TestResult'>;

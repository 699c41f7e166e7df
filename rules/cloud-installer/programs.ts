/** What every installer is made of, whichever disk it writes: a kernel, and an initrd with the writer. */
import { debianPackages, folder, toolchain } from 'dsmb';
import { tree } from '../system-files/files.ts';
import { KERNEL_VERSION } from '../system-files/kernel-version.ts';
import { kernelModules } from '../system-files/modules.ts';
import { fileOf, pickPrograms } from '../system-files/pick.ts';
import { gzipInitrd } from './initrd.ts';
import { staticProgram } from './static-program.ts';

const kernelPackage = debianPackages(`linux-image-${KERNEL_VERSION}`);

export const kernel = fileOf({ folder: kernelPackage, path: `boot/vmlinuz-${KERNEL_VERSION}` });

/** Disks and network cards of virtual machines. */
export const MODULES: readonly string[] = [
  ...['virtio_pci', 'virtio_blk', 'virtio_scsi', 'virtio_net', 'crct10dif_generic', 'crc32c_generic'],
  ...['sd_mod', 'ata_piix', 'ahci', 'nvme', 'e1000', 'button', 'evdev'],
];

const modules = kernelModules({
  kernel: kernelPackage,
  version: KERNEL_VERSION,
  modules: MODULES,
  list: 'etc/modules',
});

const compiler = toolchain('binutils', 'gcc-12', 'libc6-dev', 'nettle-dev', 'zlib1g-dev');

export const writer = staticProgram({
  source: folder('writer'),
  files: [
    ...['main.c', 'options.c', 'report.c', 'fetch.c', 'unpack.c'],
    ...['json.c', 'manifest.c', 'disk.c', 'patches.c', 'image.c'],
  ],
  libraries: ['nettle', 'z'],
  compiler,
});

/** curl, for redirects and TLS, with its libraries. */
export const curl = pickPrograms({ packages: toolchain('curl'), programs: ['usr/bin/curl'] });

export const busybox = pickPrograms({ packages: debianPackages('busybox-static'), programs: ['usr/bin/busybox'] });

export const initrd = gzipInitrd({
  layers: [folder('initrd'), modules, busybox, curl, tree({ files: { 'usr/bin/dsmb-writer': writer } })],
  links: {
    bin: 'usr/bin',
    lib: 'usr/lib',
    lib64: 'usr/lib/x86_64-linux-gnu',
    sbin: 'usr/bin',
    'usr/bin/sh': 'busybox',
    'usr/sbin': 'bin',
  },
});

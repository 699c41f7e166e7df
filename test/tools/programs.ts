/** Which programs tests may call, from which toolchain, and what they need to run outside its root. */
import type { Toolchain } from 'dsmb';
import { fatTools, grubTools, uploadTools, vmTools } from '../../rules/toolchains.ts';
import { bmap, host, programs, shells, ssh } from './build.dsm.ts';

/** A program of a toolchain. `root` is the folder that the toolchain is unpacked in. */
export interface Program {
  readonly name: string;
  /** What runs it, where it is a script. */
  readonly interpreter?: string;
  readonly env?: (root: string) => Readonly<Record<string, string>>;
  readonly args?: (root: string) => readonly string[];
}

export const toolchains: Readonly<Record<string, Toolchain>> = {
  programs,
  bmap,
  shells,
  ssh,
  host,
  fat: fatTools,
  grub: grubTools,
  upload: uploadTools,
  vm: vmTools,
};

const named = (...names: string[]): Program[] => names.map((name) => ({ name }));

/** Its byte code would land in the store. */
const python = (root: string) => ({ PYTHONHOME: `${root}/usr`, PYTHONDONTWRITEBYTECODE: '1' });

/** By the names of the toolchains above. */
export const PROGRAMS: Readonly<Record<keyof typeof toolchains, readonly Program[]>> = {
  programs: [
    ...named(
      'bsdcat',
      'bsdtar',
      'busybox',
      'cmp',
      'cpio',
      'diff',
      'gzip',
      'mdadm',
      'patch',
      'sfdisk',
      'tar',
      'xz',
      'zstd',
    ),
    ...named('debugfs', 'dumpe2fs', 'e2fsck', 'e2image', 'tune2fs'),
    { name: 'mke2fs', env: (root) => ({ MKE2FS_CONFIG: `${root}/etc/mke2fs.conf` }) },
    { name: 'python3', env: python },
  ],
  bmap: [{ name: 'bmaptool', interpreter: 'python3', env: python }],
  shells: named('fish', 'zsh'),
  host: named('bwrap'),
  ssh: named('sshd', 'ssh-agent', 'ssh-add', 'ssh-keygen'),
  fat: named('fsck.fat', 'mcopy', 'mdel', 'mdir', 'mformat', 'mkfs.fat', 'mmd', 'mrd', 'mtype'),
  grub: [{ name: 'grub-mkimage', args: (root) => [`--directory=${root}/usr/lib/grub/i386-pc`] }],
  upload: named('rclone'),
  vm: [
    ...named('qemu-img', 'qemu-io'),
    {
      name: 'qemu-system-x86_64',
      env: (root) => ({ QEMU_MODULE_DIR: `${root}/usr/lib/x86_64-linux-gnu/qemu` }),
      args: (root) =>
        ['share/qemu', 'share/seabios', 'lib/ipxe/qemu'].flatMap((folder) => ['-L', `${root}/usr/${folder}`]),
    },
  ],
};

/** Rule: a disk that boots by BIOS from the ext4 file system that it holds. */
import { attr, File, rule, toolchain } from 'dsmb';
import { Disk } from 'dsmb/rules';
import { Ext4Image } from './kinds.ts';

const grubTools = toolchain('grub-pc-bin', 'grub-common');

/** What GRUB needs to read `/boot/grub/grub.cfg` and the kernel from the first partition. */
const CORE = [
  ...['--format=i386-pc', '--prefix=(,msdos1)/boot/grub'],
  ...['biosdisk', 'part_msdos', 'ext2', 'normal', 'linux', 'serial', 'terminal', 'boot'],
];

/** Makes a disk that is as large as its file system, and 1 MiB more. */
export const bootable = rule({
  name: 'bootable',
  makes: Disk,
  attributes: {
    root: Ext4Image,
    /** Modules for what else `grub.cfg` does. */
    modules: attr.optional(attr.list(attr.string)),
  },
  implement({ root, modules = [] }, actions) {
    const grub = actions.toolchain(grubTools);
    const { coreImg } = actions.run({
      mnemonic: 'GrubCore',
      argv: ['grub-mkimage', ...CORE, ...modules, '--output=/out/core.img'],
      toolchains: [grub],
      outputs: { coreImg: { name: 'core.img', kind: File } },
    });
    return actions.step({
      mnemonic: 'BootableDisk',
      module: () => import('./bootable.step.ts'),
      args: {},
      inputs: { root, bootImg: grub.at('usr/lib/grub/i386-pc/boot.img', File), coreImg },
      outputs: { disk: Disk },
    }).disk;
  },
});

/** Rule: the first stage of an installation, as debootstrap has it: all packages unpacked, none configured. */
import { attr, File, rule, toolchain, Tree } from 'dsmb';
import { Ext4Image } from './kinds.ts';

/** dpkg, fakeroot, mke2fs and debugfs. */
const unpackTools = toolchain(
  'dash',
  'diffutils',
  'dpkg',
  'e2fsprogs',
  'fakeroot',
  'libc-bin',
  'sed',
  'tar',
  'util-linux',
);
export const firstStage = rule({
  name: 'firstStage',
  makes: Ext4Image,
  attributes: {
    /** The packages: a folder of .deb files. */
    archives: Tree,
    /** Files of our own, laid over those of the packages. */
    overlay: Tree,
    /** The kernel and its initrd, laid over them as well. */
    boot: Tree,
    /** The script that unpacks. */
    unpack: File,
    /** Size of the file system; 1024 by default. */
    sizeMiB: attr.optional(attr.integer),
  },
  implement: ({ archives, boot, overlay, unpack, sizeMiB = 1024 }, actions) =>
    actions.step({
      mnemonic: 'UnpackPackages',
      module: () => import('./first-stage.step.ts'),
      args: { sizeMiB },
      inputs: { archives, boot, overlay, unpack },
      outputs: { fileSystem: { name: 'file-system', kind: Ext4Image } },
      toolchains: [actions.toolchain(unpackTools)],
    }).fileSystem,
});

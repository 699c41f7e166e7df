/** Rule: the first stage of an installation, as debootstrap has it: all packages unpacked, none configured. */
import { rule, stepModule, toolchain, type File, type Tree, type Value } from 'dsmb';
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

/** Attributes of `firstStage`. */
export interface FirstStageAttributes {
  /** The packages: a folder of .deb files. */
  readonly archives: Tree;
  /** Files of our own, laid over those of the packages. */
  readonly overlay: Tree;
  /** The kernel and its initrd, laid over them as well. */
  readonly boot: Tree;
  /** The script that unpacks. */
  readonly unpack: File;
  /** Size of the file system; 1024 unless told. */
  readonly sizeMiB?: Value<number>;
}

export const firstStage = rule<FirstStageAttributes, 'Ext4Image'>({
  name: 'firstStage',
  makes: Ext4Image,
  implement: ({ archives, boot, overlay, unpack, sizeMiB = 1024 }, actions) =>
    actions.step({
      mnemonic: 'UnpackPackages',
      module: stepModule<typeof import('./first-stage.step.ts').default>(
        new URL('./first-stage.step.ts', import.meta.url),
      ),
      args: { sizeMiB },
      inputs: { archives, boot, overlay, unpack },
      outputs: { fileSystem: { name: 'file-system', kind: Ext4Image } },
      toolchains: [actions.toolchain(unpackTools)],
    }).fileSystem,
});

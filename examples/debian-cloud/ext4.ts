/** Rule: an ext4 file system made without root and without mounting. */
import { rule, stepModule, toolchain, type Target, type Value } from 'dsmb';
import { Ext4Image } from './kinds.ts';

/** mke2fs and debugfs. */
const ext4Tools = toolchain('e2fsprogs');

/** Attributes of `ext4`. */
export interface Ext4Attributes {
  /** Folders, from the lowest layer up: where two have the same path, the later one wins. */
  readonly layers: readonly Target[];
  /** Empty folders to add. */
  readonly folders?: readonly string[];
  /** Size; 1024 unless told. */
  readonly sizeMiB?: Value<number>;
}

/** Everything in it belongs to root, with the permissions that files and folders of a store have. */
export const ext4 = rule<Ext4Attributes, 'Ext4Image'>({
  name: 'ext4',
  makes: Ext4Image,
  implement({ layers, folders = [], sizeMiB = 1024 }, actions) {
    const inputs = Object.fromEntries(layers.map((layer, index) => [`layer${index}`, layer]));
    return actions.step({
      mnemonic: 'Ext4',
      module: stepModule<typeof import('./ext4.step.ts').default>(new URL('./ext4.step.ts', import.meta.url)),
      args: { sizeMiB, layers: Object.keys(inputs), folders },
      inputs,
      outputs: { fileSystem: { name: 'file-system', kind: Ext4Image } },
      toolchains: [actions.toolchain(ext4Tools)],
    }).fileSystem;
  },
});

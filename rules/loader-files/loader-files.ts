/** The loader's three files, out of whatever form they were published in. */
import { rule, stepModule, type File, type Target, type Tree } from 'dsmb';
import { Loader } from '../kinds.ts';
import { overlayTools } from '../toolchains.ts';

/** Attributes of `loaderFiles`. */
export interface LoaderFilesAttributes {
  /**
   * A folder with `zImage`, `rd.gz` and `extra.lzma` somewhere below it, or a disk image (MBR, GPT or no table) with
   * them on a FAT file system. Everything else in it is left out: legacy GRUB, TinyCore, other boot files.
   */
  readonly from: Loader | Tree | File | Target<'BootImage'>;
}

/** Takes the loader's files out of a folder or a disk image, and notes the model and the version that they are for. */
export const loaderFiles = rule<LoaderFilesAttributes, 'Loader'>({
  name: 'loaderFiles',
  makes: Loader,
  implement({ from }, actions) {
    return actions.step({
      mnemonic: 'LoaderFiles',
      module: stepModule<typeof import('./loader-files.step.ts').default>(
        new URL('./loader-files.step.ts', import.meta.url),
      ),
      toolchains: [actions.toolchain(overlayTools)],
      args: {},
      inputs: { from },
      outputs: { loader: { name: 'loader', kind: Loader } },
    }).loader;
  },
});

/** The loader's three files, out of whatever form they were published in. */
import { attr, File, rule, Tree } from 'dsmb';
import { BootImage, Loader } from '../kinds.ts';
import { overlayTools } from '../toolchains.ts';

/** Takes the loader's files out of a folder or a disk image, and notes the model and the version that they are for. */
export const loaderFiles = rule({
  name: 'loaderFiles',
  makes: Loader,
  attributes: {
    /**
     * A folder with `zImage`, `rd.gz` and `extra.lzma` somewhere below it, or a disk image (MBR, GPT or no table) with
     * them on a FAT file system. Everything else in it is left out: legacy GRUB, TinyCore, other boot files.
     */
    from: attr.oneOf(Loader, Tree, File, BootImage),
  },
  implement({ from }, actions) {
    return actions.step({
      mnemonic: 'LoaderFiles',
      module: () => import('./loader-files.step.ts'),
      toolchains: [actions.toolchain(overlayTools)],
      args: {},
      inputs: { from },
      outputs: { loader: Loader },
    }).loader;
  },
});

/** The loader's three files, out of whatever form they were published in. */
import { attr, File, rule, Tree } from 'dsmb';
import { BootImage, Loader } from '../kinds.ts';
import { imageTools, overlayTools } from '../toolchains.ts';

/** Takes the loader's files out of a folder or a disk image, and notes the model and the version that they are for. */
export const loaderFiles = rule({
  name: 'loaderFiles',
  makes: Loader,
  attributes: {
    /**
     * A folder with `zImage`, `rd.gz` and `extra.lzma` somewhere below it, or a disk image (MBR, GPT or no table) with
     * them on FAT or ext2, ext3, ext4; as it was downloaded: raw, qcow2, VMDK, VHD, VHDX, VDI, compressed with gzip, xz,
     * zstd, bzip2 or lz4, in a zip, tar, 7z or OVA. Everything else in it is left out: legacy GRUB, TinyCore, other files.
     */
    from: attr.oneOf(Loader, Tree, File, BootImage),
  },
  implement({ from }, actions) {
    return actions.step({
      mnemonic: 'LoaderFiles',
      module: () => import('./loader-files.step.ts'),
      toolchains: [actions.toolchain(overlayTools), actions.toolchain(imageTools)],
      args: {},
      inputs: { from },
      outputs: { loader: Loader },
    }).loader;
  },
});

/** The small image that boots the installer, and that can boot an installed disk from the side. */
import { attr, fail, rule } from 'dsmb';
import { BootImage, CpioLzma, GrubConfig, Loader } from '../kinds.ts';
import { BOOT_FILES, bootFiles } from './boot-files.ts';
import { grubCore } from './grub-core.ts';

/** Makes a raw image: a DOS partition table, one active FAT 16 partition at 1 MiB, GRUB for BIOS. */
export const bootImage = rule({
  name: 'bootImage',
  makes: BootImage,
  attributes: {
    /** The loader: its `zImage`, `rd.gz` and `extra.lzma` go under `boot/grub/DS3615xs`; nothing else of it is used. */
    loader: Loader,
    /** Replaces the loader's `extra.lzma`. */
    extra: attr.optional(CpioLzma),
    /** Becomes `boot/grub/grub.cfg`. */
    config: GrubConfig,
    /** Size of the image in MiB; 32 by default. */
    sizeMiB: attr.optional(attr.integer),
  },
  implement(attributes, actions) {
    const sizeMiB = attributes.sizeMiB ?? 32;
    if (!Number.isInteger(sizeMiB) || sizeMiB < 16 || sizeMiB > 1024)
      fail('BAD_ATTRIBUTE', `sizeMiB: ${sizeMiB} is not a number from 16 to 1024`, { attribute: 'sizeMiB' });
    const { bootImg, coreImg } = grubCore(actions, 1);
    return actions.step({
      mnemonic: 'BootImage',
      module: () => import('./boot-image.step.ts'),
      args: { sizeMiB, files: BOOT_FILES },
      inputs: { files: bootFiles(actions, attributes), bootImg, coreImg },
      outputs: { image: { name: 'boot-image.img', kind: BootImage } },
    }).image;
  },
});

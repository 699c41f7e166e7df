/** The overlay over the loader's initrd, with drivers, the arrays' description and the patch that assembles them. */
import { rule, stepModule, File } from 'dsmb';
import { CpioLzma, type Drivers, type Loader, type MdadmConf } from '../kinds.ts';
import { overlayTools } from '../toolchains.ts';

interface Attributes {
  /** Its `extra.lzma` is the overlay to add to; its `rd.gz` is what the patch is checked against. */
  readonly loader: Loader;
  /** Kernel modules (`*.ko` or `*.ko.xz`) to add; they are also listed for loading, dependencies first. */
  readonly drivers?: Drivers;
  /** Becomes `etc/mdadm.conf`. */
  readonly mdadmConf?: MdadmConf;
  /** Assemble the arrays before the system is mounted; true unless told. Without it a virtio disk does not boot. */
  readonly assembleArrays?: boolean;
}

/** Makes the `extra.lzma` that boots the installed system from a virtio disk. */
export const patchedExtra = rule<Attributes, 'CpioLzma'>({
  name: 'patchedExtra',
  makes: CpioLzma,
  implement({ loader, drivers, mdadmConf, assembleArrays = true }, actions) {
    return actions.step({
      mnemonic: 'PatchedExtra',
      module: stepModule<typeof import('./patched-extra.step.ts').default>(
        new URL('./patched-extra.step.ts', import.meta.url),
      ),
      toolchains: [actions.toolchain(overlayTools)],
      args: { assembleArrays },
      inputs: {
        extra: loader.at('extra.lzma', CpioLzma),
        rd: loader.at('rd.gz', File),
        ...(drivers ? { drivers } : {}),
        ...(mdadmConf ? { mdadmConf } : {}),
      },
      outputs: { extra: { name: 'extra.lzma', kind: CpioLzma } },
    }).extra;
  },
});

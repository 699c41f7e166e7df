/** The overlay over the loader's initrd, with drivers, the arrays' description and the patch that assembles them. */
import { File, rule, stepModule, type Value } from 'dsmb';
import { CpioLzma, type Drivers, type Loader, type MdadmConf } from '../kinds.ts';
import { overlayTools } from '../toolchains.ts';

/** Attributes of `patchedExtra`. */
export interface PatchedExtraAttributes {
  /** Its `extra.lzma` is the overlay to add to; patch and drivers are checked against its `rd.gz` and `zImage`. */
  readonly loader: Loader;
  /** Kernel modules (`*.ko` or `*.ko.xz`) to add; they are also listed for loading, dependencies first. */
  readonly drivers?: Drivers;
  /** Becomes `etc/mdadm.conf`. */
  readonly mdadmConf?: MdadmConf;
  /** Assemble the arrays before the system is mounted; true unless told. Without it a virtio disk does not boot. */
  readonly assembleArrays?: Value<boolean>;
}

/** Makes the `extra.lzma` that boots the installed system from a virtio disk. */
export const patchedExtra = rule<PatchedExtraAttributes, 'CpioLzma'>({
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
        kernel: loader.at('zImage', File),
        ...(drivers ? { drivers } : {}),
        ...(mdadmConf ? { mdadmConf } : {}),
      },
      outputs: { extra: { name: 'extra.lzma', kind: CpioLzma } },
    }).extra;
  },
});

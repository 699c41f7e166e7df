/** The overlay over the loader's initrd, with drivers, the arrays' description and the patch that assembles them. */
import { attr, File, file, rule } from 'dsmb';
import { CpioLzma, Drivers, Loader, MdadmConf } from '../kinds.ts';
import { overlayTools } from '../toolchains.ts';

const hostNetwork = file('host-network.sh');

/** Makes the `extra.lzma` that boots the installed system from a virtio disk. */
export const patchedExtra = rule({
  name: 'patchedExtra',
  makes: CpioLzma,
  attributes: {
    /** Its `extra.lzma` is the overlay to add to; patch and drivers are checked against its `rd.gz` and `zImage`. */
    loader: Loader,
    /** Kernel modules (`*.ko` or `*.ko.xz`) to add; they are also listed for loading, dependencies first. */
    drivers: attr.optional(Drivers),
    /** Becomes `etc/mdadm.conf`. */
    mdadmConf: attr.optional(MdadmConf),
    /** Assemble the arrays before the system is mounted; true by default. Without it a virtio disk does not boot. */
    assembleArrays: attr.optional(attr.boolean),
  },
  implement({ loader, drivers, mdadmConf, assembleArrays = true }, actions) {
    return actions.step({
      mnemonic: 'PatchedExtra',
      module: () => import('./patched-extra.step.ts'),
      toolchains: [actions.toolchain(overlayTools)],
      args: { assembleArrays },
      inputs: {
        extra: loader.at('extra.lzma', CpioLzma),
        rd: loader.at('rd.gz', File),
        kernel: loader.at('zImage', File),
        hostNetwork: actions.own(hostNetwork),
        ...(drivers ? { drivers } : {}),
        ...(mdadmConf ? { mdadmConf } : {}),
      },
      outputs: { extra: { name: 'extra.lzma', kind: CpioLzma } },
    }).extra;
  },
});

/** The overlay over the loader's initrd, with drivers, the arrays' description and the patch that assembles them. */
import { attr, fail, File, file, rule } from 'dsmb';
import { CpioLzma, Drivers, Loader, MdadmConf } from '../kinds.ts';
import { overlayTools } from '../toolchains.ts';
import { checkedDataDisks } from './data-disks.ts';

const hostNetwork = file('host-network.sh');
const dataDisksScript = file('data-disks.sh');
const dataVolumesScript = file('data-volumes.sh');

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
    /**
     * Other disks of the machine whose arrays and file systems become `/volume2`, `/volume3` …: the UUIDs of arrays (as
     * `mdadm --detail` shows them) and file systems (as `blkid` does), or how many disks there are, whose arrays must then
     * have been made by a system of the host name that is in `mdadmConf`. All else stays untouched.
     */
    dataDisks: attr.optional(attr.oneOf(attr.integer, attr.list(attr.string))),
  },
  implement({ loader, drivers, mdadmConf, assembleArrays = true, dataDisks }, actions) {
    if (dataDisks !== undefined && !assembleArrays)
      fail('BAD_ATTRIBUTE', 'dataDisks: nothing is assembled with assembleArrays: false', { attribute: 'dataDisks' });
    return actions.step({
      mnemonic: 'PatchedExtra',
      module: () => import('./patched-extra.step.ts'),
      toolchains: [actions.toolchain(overlayTools)],
      args: { assembleArrays, ...(dataDisks === undefined ? {} : { dataDisks: checkedDataDisks(dataDisks) }) },
      inputs: {
        extra: loader.at('extra.lzma', CpioLzma),
        rd: loader.at('rd.gz', File),
        kernel: loader.at('zImage', File),
        hostNetwork: actions.own(hostNetwork),
        ...(drivers ? { drivers } : {}),
        ...(mdadmConf ? { mdadmConf } : {}),
        ...(dataDisks === undefined
          ? {}
          : { dataDisks: actions.own(dataDisksScript), dataVolumes: actions.own(dataVolumesScript) }),
      },
      outputs: { extra: { name: 'extra.lzma', kind: CpioLzma } },
    }).extra;
  },
});

/** The arrays of an installed disk, read from it without starting anything. */
import { rule, stepModule } from 'dsmb';
import { MdadmConf, type Disk } from '../kinds.ts';

/** Attributes of `mdadmConf`. */
export interface MdadmConfAttributes {
  /** A disk with md superblocks (0.90 or 1.2) in its RAID partitions. */
  readonly disk: Disk;
}

/** Makes `mdadm.conf` as `mdadm --detail --scan` prints it on the system that runs from the disk. */
export const mdadmConf = rule<MdadmConfAttributes, 'MdadmConf'>({
  name: 'mdadmConf',
  makes: MdadmConf,
  implement({ disk }, actions) {
    return actions.step({
      mnemonic: 'MdadmConf',
      module: stepModule<typeof import('./mdadm-conf.step.ts').default>(
        new URL('./mdadm-conf.step.ts', import.meta.url),
      ),
      args: {},
      inputs: { disk },
      outputs: { conf: { name: 'mdadm.conf', kind: MdadmConf } },
    }).conf;
  },
});

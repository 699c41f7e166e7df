/** The arrays of an installed disk, read from it without starting anything. */
import { rule } from 'dsmb';
import { Disk, MdadmConf } from '../kinds.ts';

/** Makes `mdadm.conf` as `mdadm --detail --scan` prints it on the system that runs from the disk. */
export const mdadmConf = rule({
  name: 'mdadmConf',
  makes: MdadmConf,
  attributes: {
    /** A disk with md superblocks (0.90 or 1.2) in its RAID partitions. */
    disk: Disk,
  },
  implement({ disk }, actions) {
    return actions.step({
      mnemonic: 'MdadmConf',
      module: () => import('./mdadm-conf.step.ts'),
      args: {},
      inputs: { disk },
      outputs: { conf: { name: 'mdadm.conf', kind: MdadmConf } },
    }).conf;
  },
});

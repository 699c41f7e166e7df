/** Rule: a further disk of the machine, as a user of the original may have one. */
import { attr, fail, rule } from 'dsmb';
import { Disk } from '../rules/kinds.ts';
import { lateFileTools } from '../rules/toolchains.ts';

/** Makes a disk that is empty, or has one partition with an ext4 file system, on an array of its own if that is wanted. */
export const dataDisk = rule({
  name: 'dataDisk',
  makes: Disk,
  attributes: {
    /** UUID of the ext4 file system. */
    fileSystem: attr.optional(attr.string),
    /** Of a mirror of one member: its UUID as mdadm shows it, and its name, for example `DiskStation:2`. */
    array: attr.optional(attr.object({ uuid: attr.string, name: attr.string })),
    /** 64 by default. */
    sizeMiB: attr.optional(attr.integer),
  },
  implement({ fileSystem, array, sizeMiB = 64 }, actions) {
    if (array && fileSystem === undefined)
      fail('BAD_ATTRIBUTE', 'array: it needs a fileSystem, which lies on it', { attribute: 'array' });
    return actions.step({
      mnemonic: 'GuestDataDisk',
      module: () => import('./data-disk.step.ts'),
      args: { sizeMiB, ...(fileSystem === undefined ? {} : { fileSystem }), ...(array ? { array } : {}) },
      inputs: {},
      outputs: { disk: Disk },
      toolchains: [actions.toolchain(lateFileTools)],
    }).disk;
  },
});

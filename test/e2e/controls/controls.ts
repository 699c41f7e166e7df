/** Disks and archives that must be refused, and the disk on another controller. A package of the pipeline's test. */
import * as dsm from 'dsmb/rules';
import * as main from '../../../build.dsm.ts';
import { standInPat } from '../../../guest/pat.ts';
import * as guest from '../../../guest/build.dsm.ts';
import { bootsOverIde } from './ide-boot.ts';
import { scribbledDisk } from './scribbled-disk.ts';
import { wrongUuids } from './wrong-uuids.ts';

const { loaderFiles: loader, drivers, grubConfig: config } = main;

function diskWith(extra: ReturnType<typeof dsm.patchedExtra>) {
  return dsm.bootableDisk({ disk: main.installedDisk, boot: dsm.bootPartition({ loader, extra, config }) });
}

/** Nothing assembles the arrays before the system is mounted. */
export const unpatchedDisk = diskWith(
  dsm.patchedExtra({ loader, drivers, mdadmConf: main.mdadmConf, assembleArrays: false }),
);
export const unpatched = dsm.verifiedDisk({ disk: unpatchedDisk, expect: 'install-screen', firmware: ['bios'] });

/** The arrays of another machine. */
export const otherArrays = wrongUuids({ of: main.mdadmConf });
export const wrongUuidDisk = diskWith(dsm.patchedExtra({ loader, drivers, mdadmConf: otherArrays }));
export const wrongUuid = dsm.verifiedDisk({ disk: wrongUuidDisk, expect: 'install-screen', firmware: ['bios'] });

/** Must fail: this disk does not reach the installed system. */
export const unpatchedIsNotInstalled = dsm.verifiedDisk({ disk: unpatchedDisk, firmware: ['bios'] });

/** The finished disk on the controller that it was installed on. */
export const overIde = bootsOverIde({ disk: main.bootableDisk });

/** Two blocks changed and one made zero, through an overlay. The rest of the disk is not read. */
export const scribbled = scribbledDisk({
  disk: main.bootableDisk,
  commands: ['write -P 7 10G 64k', 'write -P 9 10245M 100', 'write -z 0 1M'],
});

/** What the system writes when it starts once. */
export const settled = dsm.settledDisk({ disk: main.bootableDisk });

/** The archive of another model. Must fail before a machine starts. */
export const otherModelPat = standInPat({
  kernel: guest.kernel,
  rd: guest.rd,
  system: guest.system,
  version: { model: 'DS3617xs', platform: 'broadwell', version: '6.1.7', build: '15284' },
});
export const otherModel = dsm.installedDisk({ boot: main.installerBoot, pat: otherModelPat, loader });

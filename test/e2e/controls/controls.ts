/** Disks and archives that must be refused, and the disk on another controller. A package of the pipeline's test. */
import * as dsm from 'dsmb/rules';
import * as main from '../../../build.dsm.ts';
import { dataDisk } from '../../../guest/data-disk.ts';
import { standInPat } from '../../../guest/pat.ts';
import * as guest from '../../../guest/build.dsm.ts';
import { bootsOverIde } from './ide-boot.ts';
import { scribbledDisk } from './scribbled-disk.ts';
import { wrongUuids } from './wrong-uuids.ts';

const { loaderFiles: loader, drivers, grubConfig: config } = main;

function diskWith(extra: ReturnType<typeof dsm.patchedExtra>, { disk = main.installedDisk, grub = config } = {}) {
  return dsm.bootableDisk({ disk, boot: dsm.bootPartition({ loader, extra, config: grub }) });
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

const ARRAY = '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b';
const PLAIN = '3f6d1c2b-5a49-4e38-8d27-1c0b9a8f7e6d';

/** Disks that the machine has beside its own: arrays of this system and of another one, a file system without an array, none. */
export const arrayDisk = dataDisk({
  array: { uuid: ARRAY, name: 'DiskStation:2' },
  fileSystem: 'a0a0a0a0-1111-4222-8333-444444444444',
});
export const foreignDisk = dataDisk({
  array: { uuid: '0b0b0b0b:1c1c1c1c:2d2d2d2d:3e3e3e3e', name: 'elsewhere:2' },
  fileSystem: 'b0b0b0b0-1111-4222-8333-444444444444',
});
export const plainDisk = dataDisk({ fileSystem: PLAIN });
export const emptyDisk = dataDisk({});
const dataDisks = [arrayDisk, plainDisk, emptyDisk, foreignDisk];

/** UUIDs that are known before there is a disk. */
const OWN = { 1: '11111111:aaaa4bbb:8ccc0000:00000001', 2: '22222222:aaaa4bbb:8ccc0000:00000002' } as const;
export const pinnedDisk = dsm.withUuids({
  disk: main.installedDisk,
  arrays: OWN,
  fileSystems: { 1: 'c0c0c0c0-1111-4222-8333-444444444444', 2: 'c0c0c0c0-1111-4222-8333-555555555555' },
});
export const pinnedConf = dsm.mdadmConf({ arrays: { 0: OWN[1], 1: OWN[2] } });

/** Named by their UUIDs, and before the system's own disk, which starts all the same. */
export const namedVolumes = dsm.verifiedDisk({
  disk: diskWith(dsm.patchedExtra({ loader, drivers, mdadmConf: pinnedConf, dataDisks: [ARRAY, PLAIN] }), {
    disk: pinnedDisk,
  }),
  dataDisks,
  place: 'last',
  volumes: ['/volume1', '/volume2', '/volume3'],
  firmware: ['bios'],
});

/** As many as there are: what this system has made is found. The machine has a second network card, too. */
export const countedVolumes = dsm.verifiedDisk({
  disk: diskWith(dsm.patchedExtra({ loader, drivers, mdadmConf: main.mdadmConf, dataDisks: 4 }), {
    grub: dsm.grubConfig({ mac: main.mac, otherMacs: ['52:54:00:00:00:02'], extraArguments: 'no_timer_check' }),
  }),
  dataDisks,
  volumes: ['/volume1', '/volume2'],
  firmware: ['bios'],
});

/** A file system alone is named: no array is started beside it, neither of this system nor of another one. */
export const fileSystemAlone = dsm.verifiedDisk({
  disk: diskWith(dsm.patchedExtra({ loader, drivers, mdadmConf: main.mdadmConf, dataDisks: [PLAIN] })),
  dataDisks,
  volumes: ['/volume1', '/volume2'],
  firmware: ['bios'],
});

/** An array is named that is not there: no other one is started in its place. */
export const absentArray = dsm.verifiedDisk({
  disk: diskWith(
    dsm.patchedExtra({
      loader,
      drivers,
      mdadmConf: main.mdadmConf,
      dataDisks: ['deadbeef:00000000:11111111:22222222', PLAIN],
    }),
  ),
  dataDisks,
  volumes: ['/volume1', '/volume3'],
  firmware: ['bios'],
});

/** The same disks where nobody has told of them. */
export const untoldVolumes = dsm.verifiedDisk({
  disk: main.bootableDisk,
  dataDisks,
  volumes: ['/volume1'],
  firmware: ['bios'],
});

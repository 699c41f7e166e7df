/** Very large disks, and what is made of them: the build file of a project that `bench/scale.ts` lays out. */
import { attr, param, rule } from 'dsmb';
import { diskArchive } from 'dsmb/rules';
import { Disk } from '../../rules/kinds.ts';

const filledDisk = rule({
  name: 'filledDisk',
  makes: Disk,
  attributes: { sizeGiB: attr.integer, dataMiB: attr.integer },
  implement: ({ sizeGiB, dataMiB }, actions) =>
    actions.step({
      mnemonic: 'FilledDisk',
      module: () => import('./filled-disk.step.ts'),
      args: { sizeMiB: sizeGiB * 1024, dataMiB },
      inputs: {},
      outputs: { disk: Disk },
      timeoutMs: HOUR_MS,
    }).disk,
});

const changedDisk = rule({
  name: 'changedDisk',
  makes: Disk,
  attributes: { disk: Disk, text: attr.string },
  implement: ({ disk, text }, actions) =>
    actions.step({
      mnemonic: 'ChangedDisk',
      module: () => import('./changed-disk.step.ts'),
      args: { text },
      inputs: { disk },
      outputs: { disk: Disk },
    }).disk,
});

const HOUR_MS = 3_600_000;

export const text = param.string({ default: 'one', doc: 'what is written into the changed disks' });

/** 200 GiB with 1 GiB of data. */
export const sparse = filledDisk({ sizeGiB: 200, dataMiB: 1024 });
export const sparseChanged = changedDisk({ disk: sparse, text });
export const sparseArchive = diskArchive({ disk: sparseChanged, level: 1 });

/** 20 GiB without a hole. */
export const full = filledDisk({ sizeGiB: 20, dataMiB: 20 * 1024 });
export const fullChanged = changedDisk({ disk: full, text });
export const fullArchive = diskArchive({ disk: fullChanged, level: 1 });

/** Very large disks, and what is made of them: the build file of a project that `bench/scale.ts` lays out. */
import { param, rule, stepModule, type Value } from 'dsmb';
import { diskArchive } from 'dsmb/rules';
import { Disk } from '../../rules/kinds.ts';

const filledDisk = rule<{ readonly sizeGiB: number; readonly dataMiB: number }, 'Disk'>({
  name: 'filledDisk',
  makes: Disk,
  implement: ({ sizeGiB, dataMiB }, actions) =>
    actions.step({
      mnemonic: 'FilledDisk',
      module: stepModule<typeof import('./filled-disk.step.ts').default>(
        new URL('./filled-disk.step.ts', import.meta.url),
      ),
      args: { sizeMiB: sizeGiB * 1024, dataMiB },
      inputs: {},
      outputs: { disk: { name: 'disk', kind: Disk } },
      timeoutMs: HOUR_MS,
    }).disk,
});

const changedDisk = rule<{ readonly disk: Disk; readonly text: Value<string> }, 'Disk'>({
  name: 'changedDisk',
  makes: Disk,
  implement: ({ disk, text }, actions) =>
    actions.step({
      mnemonic: 'ChangedDisk',
      module: stepModule<typeof import('./changed-disk.step.ts').default>(
        new URL('./changed-disk.step.ts', import.meta.url),
      ),
      args: { text },
      inputs: { disk },
      outputs: { disk: { name: 'disk', kind: Disk } },
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

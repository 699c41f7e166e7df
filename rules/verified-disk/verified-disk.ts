/** Rule: the proof that a disk boots. */
import { attr, fail, File, rule, type Actions, type Artifact } from 'dsmb';
import { Disk, Report } from '../kinds.ts';
import { machineAction } from '../machine/action.ts';
import { efiFirmware } from '../toolchains.ts';

/** For assembling the disk. */
const BESIDE_MINUTES = 5;
/** What a machine leaves. */
const FILES = ['report.json', 'console.log', 'screen.png'];

/**
 * Boots a disk alone, on virtio-blk and through the firmware: once with a BIOS and, side by side, once with UEFI. Passes if
 * the console shows `Partition Version=8` and the installed system answers on port 5000 through a network card that has
 * the MAC of grub.cfg. The report holds `report.json`, `console.log` and `screen.png`; those of another firmware than
 * the first are in a folder with its name. With `dataDisks`, other disks are there, too.
 */
export const verifiedDisk = rule({
  name: 'verifiedDisk',
  makes: Report,
  attributes: {
    /** The finished disk. It is not changed. */
    disk: Disk,
    /** What it must show; `installed` by default. `install-screen` is for tests of disks that must not boot. */
    expect: attr.optional(attr.choice(['installed', 'install-screen'])),
    /** What starts it, each in a machine of its own; `bios` and `efi` by default. */
    firmware: attr.optional(attr.list(attr.choice(['bios', 'efi']))),
    /** Other disks of the machine, also on virtio-blk. They are not changed; the report tells whether the system tried to. */
    dataDisks: attr.optional(attr.list(Disk)),
    /** Whether the disk is the `first` of the machine (the default), or comes `last`, behind the data disks. */
    place: attr.optional(attr.choice(['first', 'last'])),
    /** What the system must have mounted, no more and no less: `['/volume1', '/volume2']`. The stand-in tells, DSM does not. */
    volumes: attr.optional(attr.list(attr.string)),
    /** Memory of a machine; 1024 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for the boot; 15 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  test: true,
  implement(
    {
      disk,
      expect = 'installed',
      firmware = ['bios', 'efi'],
      dataDisks = [],
      place,
      volumes,
      memoryMiB = 1024,
      timeoutMinutes = 15,
    },
    actions,
  ) {
    refuseIdle('place', place !== undefined && dataDisks.length === 0, 'there are no dataDisks');
    refuseIdle('volumes', volumes !== undefined && expect === 'install-screen', 'an install screen has none');
    const others: Record<`data${number}`, Artifact<'Disk'>> = {};
    for (const [index, each] of dataDisks.entries()) others[`data${index + 1}`] = each;
    const machine = {
      ...(dataDisks.length === 0 ? {} : { dataDisks: dataDisks.length, place: place ?? 'first' }),
      ...(volumes ? { volumes } : {}),
    };
    const boot = (way: string): Artifact<'Report'> =>
      actions.step({
        mnemonic: way === 'efi' ? 'VerifyDiskEfi' : 'VerifyDisk',
        module: () => import('./verify.step.ts'),
        args: { expect, memoryMiB, timeoutMinutes, ...machine },
        inputs: { disk, ...others, ...(way === 'efi' ? firmwareOf(actions) : {}) },
        hints: { assembled: ['disk', ...(Object.keys(others) as `data${number}`[])] },
        outputs: { report: Report },
        ...machineAction(actions, { memoryMiB, timeoutMinutes }, BESIDE_MINUTES),
      }).report;
    const [first, ...rest] = new Set(firmware);
    if (first === undefined) return fail('BAD_ATTRIBUTE', 'firmware: the list is empty', { attribute: 'firmware' });
    const report = boot(first);
    if (rest.length === 0) return report;
    return actions.compose(Report, {
      ...Object.fromEntries(FILES.map((name) => [name, report.at(name, File)])),
      ...Object.fromEntries(rest.map((way) => [way, boot(way)])),
    });
  },
});

/** An attribute that has no effect is a mistake. */
function refuseIdle(attribute: string, isIdle: boolean, why: string): void {
  if (isIdle) fail('BAD_ATTRIBUTE', `${attribute}: ${why}`, { attribute });
}

/** The files of a UEFI. */
function firmwareOf(actions: Actions): Readonly<Record<'code' | 'variables', Artifact<'File'>>> {
  const folder = actions.own(efiFirmware);
  const at = (name: string) => folder.at(`usr/share/OVMF/${name}`, File);
  return { code: at('OVMF_CODE_4M.fd'), variables: at('OVMF_VARS_4M.fd') };
}

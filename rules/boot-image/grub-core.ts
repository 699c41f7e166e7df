/** GRUB's images, made once for all disks that have their files on the same partition: two for BIOS, one for UEFI. */
import { File, type Actions, type Artifact } from 'dsmb';
import { grubEfiTools, grubTools } from '../toolchains.ts';

const MODULES =
  'biosdisk part_msdos fat normal configfile linux search search_label serial terminal ' +
  'echo test ls cat loadenv minicmd halt reboot';
const EFI_MODULES =
  'part_msdos fat normal configfile linux search search_label serial terminal ' +
  'echo test ls cat loadenv minicmd halt reboot all_video';

/** boot.img for sector 0, core.img for the sectors behind it. */
export interface GrubCore {
  readonly bootImg: Artifact<'File'>;
  readonly coreImg: Artifact<'File'>;
}

/**
 * Arguments of grub-mkimage for a GRUB whose `/boot/grub` is on an MBR partition (1 to 4) of the drive that the BIOS
 * booted from: the drive is left open, as it is another one wherever the image is plugged in.
 */
export function coreArguments(partition: number): string[] {
  return ['--format=i386-pc', `--prefix=(,msdos${partition})/boot/grub`, ...MODULES.split(' ')];
}

/** Declares the action that makes core.img, and finds boot.img in the toolchain. */
export function grubCore(actions: Actions, partition: number): GrubCore {
  const grub = actions.toolchain(grubTools);
  const { coreImg } = actions.run({
    mnemonic: 'GrubCore',
    argv: ['grub-mkimage', ...coreArguments(partition), '--output=/out/core.img'],
    toolchains: [grub],
    outputs: { coreImg: { name: 'core.img', kind: File } },
  });
  return { bootImg: grub.at('usr/lib/grub/i386-pc/boot.img', File), coreImg };
}

/** Declares the action that makes GRUB for UEFI. Its files are on the partition that the firmware loaded it from. */
export function grubEfi(actions: Actions): Artifact<'File'> {
  return actions.run({
    mnemonic: 'GrubEfi',
    argv: [
      ...['grub-mkimage', '--format=x86_64-efi', '--prefix=/boot/grub', '--output=/out/bootx64.efi'],
      ...EFI_MODULES.split(' '),
    ],
    toolchains: [actions.toolchain(grubEfiTools)],
    outputs: { grub: { name: 'bootx64.efi', kind: File } },
  }).grub;
}

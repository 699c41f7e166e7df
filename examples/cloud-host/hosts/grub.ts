/** Rule: the GRUB that a Debian with UEFI has on the partition of its firmware. */
import { File, rule } from 'dsmb';
import { grubEfiTools } from '../../../rules/toolchains.ts';

const MODULES = [
  ...['part_gpt', 'fat', 'ext2', 'normal', 'configfile', 'linux', 'search', 'search_fs_file', 'serial', 'terminal'],
  ...['echo', 'test', 'true', 'loadenv', 'minicmd', 'reboot', 'boot', 'all_video'],
];

/** Reads `/boot/grub/grub.cfg` of the second partition. */
export const grubForHost = rule({
  name: 'grubForHost',
  makes: File,
  attributes: {},
  implement: (_, actions) =>
    actions.run({
      mnemonic: 'GrubEfi',
      argv: [
        ...['grub-mkimage', '--format=x86_64-efi', '--prefix=(,gpt2)/boot/grub', '--output=/out/grubx64.efi'],
        ...MODULES,
      ],
      toolchains: [actions.toolchain(grubEfiTools)],
      outputs: { grub: { name: 'grubx64.efi', kind: File } },
    }).grub,
});

/** Rule: the initrd of the Debian installer with files added, for the kernel that their modules are for. */
import { attr, File, rule } from 'dsmb';

export const joinedInitrd = rule({
  name: 'joinedInitrd',
  makes: File,
  attributes: {
    kernel: File,
    initrd: File,
    /** A compressed archive; its files win. */
    system: File,
    /** As `uname -r` says it. */
    version: attr.string,
  },
  implement: ({ kernel, initrd, system, version }, actions) =>
    actions.step({
      mnemonic: 'DebianInitrd',
      module: () => import('./initrd.step.ts'),
      args: { version },
      inputs: { kernel, initrd, system },
      outputs: { initrd: File },
    }).initrd,
});

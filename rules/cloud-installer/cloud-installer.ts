/** A folder on a web server from which a rented host makes itself the NAS: blocks, a manifest, the writer, a script. */
import { attr, fail, folder, rule } from 'dsmb';
import { Disk, Installer } from '../kinds.ts';
import { DEBIAN_KERNEL, debianBusybox, debianInitrd, debianKernel, debianSystem } from './debian/programs.ts';
import { initrd, kernel } from './programs.ts';

const script = folder('install');

/** The parts of `install.sh`, in their order. */
const PARTS = ['head.sh', 'ask.sh', 'fetch.sh', 'disk.sh', 'network.sh', 'looks.sh', 'pack.sh', 'boot.sh', 'main.sh'];

/**
 * Makes the folder: `blocks/<sha256>.gz` for each block of 1 MiB that is not all zero, `manifest-<sha256>.json`,
 * `vmlinuz-<sha256>`, `initrd-<sha256>`, and `install.sh`, which is what a host runs. `manifest.json` is the manifest for people.
 * With the backend `debian`, kernel and initrd are those of the Debian installer, and there is a `preseed.cfg`.
 */
export const cloudInstaller = rule({
  name: 'cloudInstaller',
  makes: Installer,
  attributes: {
    /** A disk that boots alone. */
    disk: Disk,
    /** Addresses under which the folder will be found; by default they are given to `install.sh` with `--url`. */
    urls: attr.optional(attr.list(attr.string)),
    /** Of compression, from fast to small: 1 to 9; 6 by default. */
    level: attr.optional(attr.integer),
    /** What the writer runs in: an initrd of its own (`own`, the default), or the Debian installer (`debian`). */
    backend: attr.optional(attr.choice(['own', 'debian'])),
  },
  implement({ disk, urls = [], level = 6, backend = 'own' }, actions) {
    const strange = urls.find((url) => !/^https?:\/\/[^\s'"\\]+$/.test(url));
    if (strange !== undefined)
      fail('BAD_ATTRIBUTE', `urls: '${strange}' is not an address of http or https`, { attribute: 'urls' });
    if (level < 1 || level > 9) fail('BAD_ATTRIBUTE', `level: ${level} is not 1 to 9`, { attribute: 'level' });
    const { installer } = actions.step({
      mnemonic: 'CloudInstaller',
      module: () => import('./cloud-installer.step.ts'),
      args: { level, urls, parts: PARTS },
      inputs: { disk, kernel: actions.own(kernel), initrd: actions.own(initrd), script: actions.own(script) },
      outputs: { installer: Installer },
      hints: { memo: true, digestsOf: ['disk'] },
    });
    if (backend === 'own') return installer;
    return actions.step({
      mnemonic: 'DebianInstaller',
      module: () => import('./debian/installer.step.ts'),
      args: { urls, parts: PARTS, version: DEBIAN_KERNEL },
      inputs: {
        installer,
        kernel: actions.own(debianKernel),
        initrd: actions.own(debianInitrd),
        system: actions.own(debianSystem),
        busybox: actions.own(debianBusybox),
        script: actions.own(script),
      },
      outputs: { installer: Installer },
    }).installer;
  },
});

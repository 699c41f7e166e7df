/**
 * A rented host, and how it becomes the NAS: a Debian from packages, with the GRUB that Debians have, takes the installer of
 * this repository's image, as a user would on a host of theirs.
 */
import { debianArchives, debianPackages, file, folder } from 'dsmb';
import * as nas from '../../build.dsm.ts';
import { cloudInstaller } from 'dsmb/rules';
import { RELEASE, SYSTEM } from '../debian-cloud/packages.ts';
import * as debian from '../debian-cloud/rules.ts';
import { fileOf } from '../../rules/system-files/pick.ts';
import { hostOverlay } from './host-overlay.ts';
import { preseeded } from './preseeded.ts';
import { takenOver } from './taken-over.ts';

/** The host's packages: the smallest Debian, GRUB's tools, and a small sshd, which nobody starts by default. */
export const archives = debianArchives(...SYSTEM, 'grub-common', 'dropbear-bin');

const kernel = debian.kernel({ from: debianPackages(`linux-image-${RELEASE}`), release: RELEASE });

const initrd = debian.initrd({
  kernel,
  busybox: debianPackages('busybox-static'),
  init: file('../debian-cloud/init'),
  modules: ['virtio_pci', 'virtio_blk', 'virtio_net'],
});

/** Its packages, unpacked. */
export const firstStage = debian.firstStage({
  archives,
  boot: debian.bootFiles({ kernel, initrd }),
  overlay: hostOverlay({ debian: folder('../debian-cloud/overlay'), grub: folder('grub') }),
  unpack: file('../debian-cloud/unpack'),
});

/** Its disk, before it is grown to the size that was rented. */
export const hostDisk = debian.installed({
  disk: debian.bootable({
    root: firstStage,
    modules: ['configfile', 'echo', 'loadenv', 'minicmd', 'reboot', 'search', 'search_fs_file', 'test', 'true'],
  }),
  kernel,
  initrd,
});

/** The script through the host's console, and the NAS that comes up in the end. */
export const takenOverHost = takenOver({ host: hostDisk, installer: nas.cloudInstaller });

/** A larger disk, which the NAS uses to its end; an address without DHCP, which it keeps. */
export const staticHost = takenOver({
  host: hostDisk,
  installer: nas.cloudInstaller,
  sizeGiB: 24,
  staticNetwork: true,
});

/** The installer's kernel is damaged after the script has looked: the host restarts into its old system. */
export const spoiledHost = takenOver({ host: hostDisk, installer: nas.cloudInstaller, spoiled: true });

/** The same with a power cut in the midst of writing. */
export const resumedHost = takenOver({ host: hostDisk, installer: nas.cloudInstaller, cut: true });

/** The Debian installer in place of the installer's own initrd. */
export const debianInstaller = cloudInstaller({ disk: nas.bootableDisk, backend: 'debian' });

/** The host takes it as it takes any other; the power is cut in the midst of writing. */
export const debianHost = takenOver({ host: hostDisk, installer: debianInstaller, cut: true });

const netboot = debianPackages('debian-installer-12-netboot-amd64');
const NETBOOT = 'usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64';

/** The Debian installer as Debian has it, with the address of `preseed.cfg`. */
export const preseededHost = preseeded({
  installer: debianInstaller,
  kernel: fileOf({ folder: netboot, path: `${NETBOOT}/linux` }),
  initrd: fileOf({ folder: netboot, path: `${NETBOOT}/initrd.gz` }),
});

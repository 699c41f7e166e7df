/**
 * A DSM-style NAS image for KVM clouds: install in a virtual machine, make the disk boot alone, verify, pack.
 *
 * Without parameters everything is built on the open stand-in guest. With a loader, drivers and a .pat of your own:
 * `dsmb build //cloudTarball --set loader=… --set drivers=… --set pat=…` (see `examples/own-files`).
 */
import { param } from 'dsmb';
import * as dsm from 'dsmb/rules';
import * as guest from './guest/build.dsm.ts';

/** The network card of the machine that will run the image. */
export const mac = param.macAddress({
  default: '52:54:00:c9:18:27',
  doc: 'MAC address of the host that runs the image',
});

/** A folder with zImage, rd.gz and extra.lzma, or a jun-style loader image. */
export const loader = param.file({ default: guest.loader, doc: 'folder or disk image of a loader', shape: 'any' });

/** Kernel modules that let the loader's kernel see virtio disks, under the names that DSM wants. */
export const drivers = param.file({ default: guest.drivers, doc: 'folder of kernel modules (*.ko) for virtio-blk' });

/** What is installed. Its model and version must be the loader's. */
export const pat = param.file({ default: guest.pat, doc: 'installation archive (.pat)' });

/** What is known late: files that are laid over the installed system, without another installation. */
export const settings = param.file({ default: guest.settings, doc: 'folder of files for the installed system' });

/** On a busy machine without KVM, a kernel can take its timer for broken. Under KVM it does not check it either. */
const NO_TIMER_CHECK = 'no_timer_check';

/** The loader's three files, whatever they came in. */
export const loaderFiles = dsm.loaderFiles({ from: loader });

/**
 * Boots the installer. It has a MAC of its own, so that the installation never depends on yours. Its kernel runs in a
 * machine that is thrown away: nothing there needs the mitigations, which slow an emulated machine down.
 */
export const installerBoot = dsm.bootImage({
  loader: loaderFiles,
  config: dsm.grubConfig({ mac: '52:54:00:12:34:56', extraArguments: `${NO_TIMER_CHECK} mitigations=off` }),
});

/** 20 GiB, installed by the web assistant in a virtual machine. */
export const installedDisk = dsm.installedDisk({ boot: installerBoot, pat, loader: loaderFiles, sizeGiB: 20 });

/** The arrays of the installed disk, read from its superblocks. */
export const mdadmConf = dsm.mdadmConf({ disk: installedDisk });

/** The loader's overlay with the drivers, the arrays, and the patch that assembles them. */
export const patchedExtra = dsm.patchedExtra({ loader: loaderFiles, drivers, mdadmConf });

/** The one thing that knows your MAC. */
export const grubConfig = dsm.grubConfig({ mac, extraArguments: NO_TIMER_CHECK });

/** A separate boot disk of 32 MiB. */
export const bootImage = dsm.bootImage({ loader: loaderFiles, extra: patchedExtra, config: grubConfig });

/** The same files as the fourth partition of the disk. */
export const bootPartition = dsm.bootPartition({ loader: loaderFiles, extra: patchedExtra, config: grubConfig });

/** The installed disk with the settings. */
export const systemDisk = dsm.withFiles({ disk: installedDisk, partition: 1, files: settings });

/** The same, with the boot partition and GRUB: needs no other disk to boot. */
export const bootableDisk = dsm.bootableDisk({ disk: systemDisk, boot: bootPartition });

/** Boots the disk alone on virtio-blk: the installed system must answer. */
export const verifiedDisk = dsm.verifiedDisk({ disk: bootableDisk });

/** `dsmb run //bootedDisk` boots it with the serial console on the terminal, and its web page on port 5000. */
export const bootedDisk = dsm.bootedDisk({ disk: bootableDisk, ports: [5000] });

/** What is uploaded. Built beside the verification, and only good if that passes. */
export const cloudTarball = dsm.diskArchive({ disk: bootableDisk, name: 'dsm', validations: [verifiedDisk] });

/** The same disk for one command on a rented host: a folder for any web server, whose `install.sh` does it all. */
export const cloudInstaller = dsm.cloudInstaller({ disk: bootableDisk, validations: [verifiedDisk] });

/** Uploads it with rclone: `dsmb run //publish -- remote:path`. */
export const publish = dsm.publishedInstaller({ installer: cloudInstaller });

/** Makes a rented host the NAS, over ssh, and waits for its page: `dsmb run //deploy -- root@host`. */
export const deploy = dsm.deployedInstaller({ installer: cloudInstaller });

/** Serves it from this machine: `dsmb run //served`. */
export const served = dsm.servedInstaller({ installer: cloudInstaller });

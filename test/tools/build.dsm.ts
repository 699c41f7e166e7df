/** Programs of others that tests compare with: the same versions on every machine, and none of them needs installing. */
import { toolchain } from 'dsmb';

export const programs = toolchain(
  ...['busybox', 'cpio', 'diffutils', 'e2fsprogs', 'fdisk', 'gzip', 'libarchive-tools', 'mdadm', 'patch'],
  ...['python3', 'tar', 'xz-utils', 'zstd'],
);

/** Writes images by the maps of their blocks. */
export const bmap = toolchain('bmap-tools');

/** A host that is made up of files. */
export const host = toolchain('bubblewrap', 'busybox-static');

/** A host to reach over ssh. */
export const ssh = toolchain('libnss-wrapper', 'openssh-client', 'openssh-server');

/** Shells whose completion is tested. */
export const shells = toolchain('fish', 'zsh');

/** A browser without windows, and letters for what it shows. */
export const browser = toolchain('chromium-headless-shell', 'fonts-dejavu-core', 'fontconfig-config');

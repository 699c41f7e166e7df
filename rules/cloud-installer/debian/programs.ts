/** The Debian installer as kernel and initrd, with the same writer in a folder of its own. */
import { debianPackages, file, folder } from 'dsmb';
import { tree } from '../../system-files/files.ts';
import { kernelModules } from '../../system-files/modules.ts';
import { fileOf } from '../../system-files/pick.ts';
import { gzipInitrd } from '../initrd.ts';
import { busybox, curl, MODULES, writer } from '../programs.ts';
import { below } from './below.ts';
import { joinedInitrd } from './initrd.ts';

/** The kernel of the Debian installer that is in the lock. */
export const DEBIAN_KERNEL = '6.1.0-50-amd64';

const ROOT = 'dsmb-root';
const IMAGES = 'usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64';

const debianInstaller = debianPackages('debian-installer-12-netboot-amd64');

export const debianKernel = fileOf({ folder: debianInstaller, path: `${IMAGES}/linux` });

/** Its own initrd has network cards, but no disks other than those behind drivers that are built in. */
const modules = kernelModules({
  kernel: debianPackages(`linux-image-${DEBIAN_KERNEL}`),
  version: DEBIAN_KERNEL,
  modules: [...MODULES, 'hv_storvsc', 'vmw_pvscsi', 'xen_blkfront'],
  list: 'etc/modules',
});

/** A root within that of the Debian installer, and the preseed that enters it. */
export const debianSystem = gzipInitrd({
  layers: [
    ...[
      folder('../initrd'),
      modules,
      busybox,
      curl,
      tree({ files: { 'usr/bin/dsmb-writer': writer } }),
      folder('root'),
    ].map((layer) => below({ path: ROOT, folder: layer })),
    tree({ files: { 'preseed.cfg': file('preseed.cfg') } }),
  ],
  links: {
    [`${ROOT}/bin`]: 'usr/bin',
    [`${ROOT}/lib`]: 'usr/lib',
    [`${ROOT}/lib64`]: 'usr/lib/x86_64-linux-gnu',
    [`${ROOT}/sbin`]: 'usr/bin',
    [`${ROOT}/usr/bin/sh`]: 'busybox',
    [`${ROOT}/usr/sbin`]: 'bin',
  },
});

export const debianInitrd = joinedInitrd({
  kernel: debianKernel,
  initrd: fileOf({ folder: debianInstaller, path: `${IMAGES}/initrd.gz` }),
  system: debianSystem,
  version: DEBIAN_KERNEL,
});

/** For a Debian installer that is started by hand, which cannot unpack the system without it. */
export const debianBusybox = fileOf({ folder: busybox, path: 'usr/bin/busybox' });

/** The one place that names the kernel of the stand-in guest and of the installer: Debian's, for amd64. */
export const KERNEL_VERSION = '6.1.0-56-amd64';

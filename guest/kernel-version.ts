/** The one place that names the stand-in's kernel: Debian's, for amd64, as its packages call it. */
export const KERNEL_VERSION = '6.1.0-56-amd64';

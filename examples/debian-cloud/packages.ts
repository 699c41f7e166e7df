/** What is installed. */

/** Essential in Debian: nothing depends on them, so they are named. `usr-is-merged` stands in for usrmerge and Perl. */
const ESSENTIAL = [
  ...['base-files', 'base-passwd', 'bash', 'bsdutils', 'coreutils', 'dash', 'debianutils', 'diffutils', 'dpkg'],
  ...['findutils', 'grep', 'gzip', 'hostname', 'init-system-helpers', 'libc-bin', 'login', 'mawk', 'ncurses-base'],
  ...['ncurses-bin', 'perl-base', 'sed', 'sysvinit-utils', 'tar', 'usr-is-merged', 'util-linux'],
];

/** All that the disk will have, beside what these depend on. */
export const SYSTEM = [...ESSENTIAL, 'busybox', 'initscripts', 'mount', 'passwd', 'sysvinit-core', 'udhcpc'];

/** The kernel's release, as in the name of its package. */
export const RELEASE = '6.1.0-56-cloud-amd64';

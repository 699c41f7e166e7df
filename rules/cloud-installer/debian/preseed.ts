/** `preseed.cfg` for a Debian installer that somebody starts by hand. Pure. */

/** What it fetches from where it was fetched itself, and what it is for. */
export interface PreseedFacts {
  /** Names of files in the folder; each ends in its SHA-256. */
  readonly busybox: string;
  readonly system: string;
  /** SHA-256 of the manifest. */
  readonly manifest: string;
  /** The kernel whose drivers the system brings. */
  readonly kernel: string;
}

/** The text. Drivers for another kernel come from the Debian mirror, which is asked before the disks are partitioned. */
export function preseedText({ busybox, system, manifest, kernel }: PreseedFacts): string {
  return `# For the Debian installer, started with
#   auto=true priority=critical url=http://.../preseed.cfg dsmb.disk=/dev/vda
# It begins to write once it has drivers for the disk: at once, or when they have come from the Debian mirror.
d-i preseed/early_command string \\
  from=$(debconf-get preseed/url); from=\${from%/*}; cd /; \\
  fetch() { wget -q -O "$1" "$from/$1" && sha256sum "$1" | grep -q "^\${1#*-} "; }; \\
  fetch ${busybox} && fetch ${system} && \\
  chmod +x ${busybox} && zcat ${system} | ./${busybox} cpio -idu 'dsmb-root*' 2>/dev/null && \\
  rm ${busybox} ${system} && \\
  echo "dsmb.url=$from dsmb.manifest=${manifest}" >/dsmb-root/words && \\
  if [ "$(uname -r)" = ${kernel} ]; then chroot /dsmb-root /init >/dev/console 2>&1; fi
d-i partman/early_command string chroot /dsmb-root /init >/dev/console 2>&1
`;
}

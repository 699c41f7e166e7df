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

/** The text. What fails is shown by the Debian installer, with the command. */
export function preseedText({ busybox, system, manifest, kernel }: PreseedFacts): string {
  return `# For the Debian installer with the kernel ${kernel}, started with
#   auto=true priority=critical url=http://.../preseed.cfg dsmb.disk=/dev/vda
# and with lowmem/low=1, where there is less than 780 MiB of memory. Everything on the disk will be lost.
d-i preseed/early_command string \\
  if [ "$(uname -r)" != ${kernel} ]; then \\
    echo "dsmb: the drivers are for the kernel ${kernel}, and this is $(uname -r)" >/dev/console; exit 1; fi; \\
  from=$(debconf-get preseed/url); from=\${from%/*}; cd /; \\
  fetch() { wget -q -O "$1" "$from/$1" && sha256sum "$1" | grep -q "^\${1#*-} "; }; \\
  fetch ${busybox} && fetch ${system} && \\
  chmod +x ${busybox} && zcat ${system} | ./${busybox} cpio -idu 'dsmb-root*' 2>/dev/null && \\
  rm ${busybox} ${system} && \\
  echo "dsmb.url=$from dsmb.manifest=${manifest}" >/dsmb-root/words && \\
  chroot /dsmb-root /init >/dev/console 2>&1
`;
}

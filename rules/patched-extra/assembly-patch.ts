/** The hunks of `etc/jun.patch` that make `linuxrc.syno` assemble the arrays just before it mounts the system. */
import { applyPatches, insertionPatch, parsePatch, splitLines } from 'dsmb/archive';
import { fail } from 'dsmb/step';

/** The file that the patch is about, as the patch names it without its first folder. */
export const LINUXRC = 'linuxrc.syno';

/** The line of linuxrc.syno that stands before the mount. */
const MOUNT_LINE = 'echo "Mounting ${RootDevice} ${Mnt}"';

/** Of the overlay: tells the system, which can be mounted by then, of the network that its host had. */
export const HOST_NETWORK = 'etc/dsmb-network.sh';

/** Of the overlay: makes the arrays and file systems of other disks volumes. */
export const DATA_DISKS = 'etc/dsmb-data.sh';

/**
 * DSM's autostart of arrays denies members on virtio disks, and mdadm's must be asked. The node must be there for
 * `mdadm -S`; neither exit code says anything about md0 (2 if md1 runs already), so nothing depends on them.
 */
export const ASSEMBLY: Insertion = [
  '# dsmb: assemble the arrays by /etc/mdadm.conf, on disks of any driver.',
  'mkdir -p /run/mdadm',
  '[ -b /dev/md0 ] || mknod /dev/md0 b 9 0',
  'mdadm -S /dev/md0',
  'mdadm --assemble --scan',
  `sh /${HOST_NETWORK} "\${RootDevice}"`,
];

/** Behind the assembly of the system's own arrays. */
export const DATA_ASSEMBLY: Insertion = ['# dsmb: data disks.', `sh /${DATA_DISKS} "\${RootDevice}"`];

/** Lines for linuxrc.syno, the first of which tells that they are there already. */
type Insertion = readonly [mark: string, ...lines: string[]];

/** The patch with a hunk behind all others, so that it counts lines as they are after those; unchanged if it has it. */
export function withInsertion(patch: string, linuxrc: string, lines: Insertion): string {
  const patched = applyPatches(linuxrc, parsePatch(patch), LINUXRC);
  if (patched.includes(lines[0])) return patch;
  const mount = splitLines(patched).findIndex((line) => line.trim() === MOUNT_LINE);
  if (mount < 0)
    fail('NO_MOUNT_LINE', `${LINUXRC} has no line ${MOUNT_LINE}`, {
      detail: splitLines(patched)
        .map((line, index) => `${index + 1} | ${line.trimEnd()}`)
        .filter((line) => /mount/i.test(line))
        .join('\n'),
      hint: 'this initrd is of a release that boots in another way; give the loader of DSM 6.1',
    });
  const end = patch === '' || patch.endsWith('\n') ? '' : '\n';
  return patch + end + insertionPatch(LINUXRC, patched, mount, lines);
}

/** Tries the patch on the initrd's file: what would fail in the virtual machine fails here. */
export function checkPatch(patch: string, linuxrc: string): void {
  applyPatches(linuxrc, parsePatch(patch), LINUXRC);
}

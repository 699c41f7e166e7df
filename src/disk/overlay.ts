/** A disk that a virtual machine may write to: an overlay over a raw file that stays as it is. */
import { run } from '../step/index.ts';
import type { EditSummary } from './editor.ts';
import { parseQemuMap } from './extents.ts';
import { overlayToDisk } from './raw.ts';

/** An overlay that a machine can be given. */
export interface WritableDisk {
  /** The overlay, for a machine's disk of format `qcow2`. */
  readonly file: string;
  /**
   * Makes the disk artifact that the machine has left. Only the clusters that it wrote are read; blocks without any are
   * linked to the base. The machine must have ended, and not by force: QEMU writes the overlay's tables as it ends.
   */
  toDisk(to: string): Promise<EditSummary>;
}

/** What an overlay is over. */
export interface OverlayBase {
  /** Folder of the disk artifact. */
  readonly disk: string;
  /** The same disk as a raw file; nobody writes to it. */
  readonly raw: string;
}

/** Makes an overlay, in a file that does not exist. Costs nothing, however large the disk is. Needs qemu-img. */
export async function writableDisk({ disk, raw }: OverlayBase, file: string): Promise<WritableDisk> {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', raw, '-F', 'raw', file]);
  return {
    file,
    async toDisk(to) {
      const map = parseQemuMap(await run('qemu-img', ['map', '--output=json', file]));
      return overlayToDisk({ base: disk, overlay: file, map, to });
    },
  };
}

/** What a manifest says of a disk: its partitions, and the MAC address that whoever deploys it has to replace. */
import { openFat, parseMbr, SECTOR, sliceSource, type DiskReader, type MbrPartition } from 'dsmb/disk';
import { Failure } from 'dsmb/step';

const GRUB_CONFIG = 'boot/grub/grub.cfg';
/** Bytes of it that are looked at: a longer one is no configuration. */
const MOST_CONFIG = 1024 ** 2;
const MAC = /^\s*set\s+mac1=["']?([0-9A-Fa-f]{12})\b/m;

/** The partitions of the DOS table; none where there is no table. */
export function partitionsOf(disk: DiskReader): readonly MbrPartition[] {
  return orNothing(() => parseMbr(disk.read(0, SECTOR)).partitions) ?? [];
}

/** `mac1` in the grub.cfg of the active partition, as `52:54:00:c9:18:27`; undefined where there is none. */
export function placeholderMac(disk: DiskReader): string | undefined {
  const active = partitionsOf(disk).find((partition) => partition.active);
  if (!active) return undefined;
  const source = sliceSource(disk, active.start * SECTOR, active.sectors * SECTOR, `partition ${active.number}`);
  const config = orNothing(() => {
    const file = openFat(source).file(GRUB_CONFIG);
    return file.read(0, Math.min(file.size, MOST_CONFIG)).toString('latin1');
  });
  const digits = config && MAC.exec(config)?.[1];
  return digits?.toLowerCase().match(/../g)?.join(':');
}

/** A disk without such a table or file system is packed all the same. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

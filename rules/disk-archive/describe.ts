/** What a manifest says of a disk: its partitions, and what whoever puts it onto a host has to know. */
import {
  BOOT_CODE_SIZE,
  openFat,
  parseMbr,
  SECTOR,
  sliceSource,
  type ByteSource,
  type FatVolume,
  type MbrPartition,
} from 'dsmb/disk';
import { Failure } from 'dsmb/step';
import { EFI_LOADER, NETWORK_FILE } from '../boot-image/boot-files.ts';
import { MAC_PREFIXES } from '../grub-config/mac-prefixes.ts';
import { HOST_NETWORK_BYTES } from '../grub-config/text.ts';

const GRUB_CONFIG = 'boot/grub/grub.cfg';
/** Bytes of a configuration that are looked at: a longer one is none. */
const MOST_CONFIG = 1024 ** 2;
const MAC = /^\s*set\s+mac1=["']?([0-9A-Fa-f]{12})\b/dm;
const MAC_DIGITS = 12;
const NEWLINE = 0x0a;
/** The table of a DOS disk: its rows, and the number of sectors in a row. */
const TABLE = 446;
const ROW = 16;
const ROW_SECTORS = 12;
/** Types of a partition that holds others. */
const EXTENDED: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);
/** Memory in MiB with which a host has been seen to go from the installer to the running stand-in system. */
const MEMORY_MIB = 256;

/** A firmware that starts the disk. */
export type BootWay = 'bios' | 'efi';

/** What a host and its network card must be like, and what is written for each host. */
export interface Deployment {
  /** `mac1` in the grub.cfg of the active partition, as `52:54:00:c9:18:27`. */
  readonly placeholderMac?: string;
  /** Where its twelve digits stand on the disk, in bytes; all of them in one sector. */
  readonly macOffset?: number;
  /** How the MAC address of a card must begin that the system recognises. */
  readonly macPrefixes?: readonly string[];
  /** A file of empty lines for the network of the installed system, in one sector of the disk. */
  readonly network?: { readonly offset: number; readonly bytes: number };
  /** The partition that ends where the disk ends: on a larger disk, it can end there as well. */
  readonly lastPartition?: LastPartition;
  readonly boot: readonly BootWay[];
  readonly minimum: { readonly memoryMiB: number; readonly diskBytes: number };
}

/** A partition of the DOS table. */
export interface LastPartition {
  readonly number: number;
  /** In sectors. */
  readonly start: number;
  readonly sectors: number;
  /** Where the table has the number of sectors, four bytes, the lowest first; in bytes from the start of the disk. */
  readonly sectorsOffset: number;
}

/** The partitions of the DOS table; none where there is no table. */
export function partitionsOf(disk: ByteSource): readonly MbrPartition[] {
  return orNothing(() => parseMbr(disk.read(0, SECTOR)).partitions) ?? [];
}

/** What is to be known of a disk before it is put onto a host. */
export function deploymentOf(disk: ByteSource): Deployment {
  const active = partitionsOf(disk).find((partition) => partition.active);
  const from = (active?.start ?? 0) * SECTOR;
  const fat =
    active && orNothing(() => openFat(sliceSource(disk, from, active.sectors * SECTOR, `partition ${active.number}`)));
  const mac = fat && orNothing(() => macIn(fat));
  const network = fat && orNothing(() => networkIn(fat));
  const lastPartition = lastPartitionOf(disk);
  return {
    ...(mac && { placeholderMac: mac.address, macPrefixes: MAC_PREFIXES }),
    ...(mac?.offset !== undefined && isInOneSector(from + mac.offset) && { macOffset: from + mac.offset }),
    ...(network !== undefined && { network: { offset: from + network, bytes: HOST_NETWORK_BYTES } }),
    ...(lastPartition && { lastPartition }),
    boot: [
      ...(active && hasBootCode(disk) ? (['bios'] as const) : []),
      ...(fat && orNothing(() => fat.find(EFI_LOADER)) ? (['efi'] as const) : []),
    ],
    minimum: { memoryMiB: MEMORY_MIB, diskBytes: disk.size },
  };
}

interface MacPlace {
  readonly address: string;
  /** Of its digits in the file system. */
  readonly offset: number | undefined;
}

function macIn(fat: FatVolume): MacPlace | undefined {
  const file = fat.file(GRUB_CONFIG);
  const config = file.read(0, Math.min(file.size, MOST_CONFIG)).toString('latin1');
  const found = MAC.exec(config);
  const [at] = found?.indices?.[1] ?? [];
  if (!found || at === undefined) return undefined;
  const address = found[1]!.toLowerCase().match(/../g)!.join(':');
  for (const place of file.places?.() ?? [])
    if (at >= place.offset && at < place.offset + place.length && place.at !== undefined)
      return { address, offset: place.at + at - place.offset };
  return { address, offset: undefined };
}

/** Where the file is in the file system, if it is still empty and in one sector, which an own file system need not have. */
function networkIn(fat: FatVolume): number | undefined {
  const file = fat.file(NETWORK_FILE);
  const [place, ...others] = file.places?.() ?? [];
  const isWhole = file.size === HOST_NETWORK_BYTES && others.length === 0 && (place?.at ?? 1) % SECTOR === 0;
  const isEmpty = isWhole && file.read(0, file.size).every((byte) => byte === NEWLINE);
  return isEmpty ? place?.at : undefined;
}

function lastPartitionOf(disk: ByteSource): LastPartition | undefined {
  const last = partitionsOf(disk).toSorted((a, b) => b.start - a.start)[0];
  if (!last || EXTENDED.has(last.type) || last.start + last.sectors !== Math.floor(disk.size / SECTOR))
    return undefined;
  const { number, start, sectors } = last;
  return { number, start, sectors, sectorsOffset: TABLE + ROW * (number - 1) + ROW_SECTORS };
}

function isInOneSector(offset: number): boolean {
  return (offset % SECTOR) + MAC_DIGITS <= SECTOR;
}

function hasBootCode(disk: ByteSource): boolean {
  return disk.read(0, BOOT_CODE_SIZE).some((byte) => byte !== 0);
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

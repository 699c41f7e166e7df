/** The formats of `diskArchive`: file names, sizes that clouds ask for, levels of compression. */
import { fail } from 'dsmb';

/** How a disk can be packed. */
export type ArchiveFormat = 'tar.gz' | 'gcp' | 'gz' | 'zst' | 'xz' | 'qcow2' | 'vhd' | 'vmdk';

/** What is particular to a format. */
export interface FormatFacts {
  /** What comes after the archive's name. */
  readonly extension: string;
  /** The disk is filled up with zeros to a multiple of so many bytes. */
  readonly granule: number;
  /** Levels of compression: from, to, and the default. Absent where nothing is compressed. */
  readonly levels?: readonly [from: number, to: number, usual: number];
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const DEFLATE = [1, 9, 6] as const;

export const FORMATS: Readonly<Record<ArchiveFormat, FormatFacts>> = {
  'tar.gz': { extension: '.tar.gz', granule: 1, levels: DEFLATE },
  gcp: { extension: '.tar.gz', granule: GIB, levels: DEFLATE },
  gz: { extension: '.raw.gz', granule: 1, levels: DEFLATE },
  zst: { extension: '.raw.zst', granule: 1, levels: [1, 19, 9] },
  xz: { extension: '.raw.xz', granule: 1, levels: [0, 9, 6] },
  qcow2: { extension: '.qcow2', granule: MIB, levels: DEFLATE },
  vhd: { extension: '.vhd', granule: MIB },
  vmdk: { extension: '.vmdk', granule: MIB, levels: DEFLATE },
};

/** The level to compress with; undefined where the format compresses nothing. */
export function levelOf(format: ArchiveFormat, level: number | undefined): number | undefined {
  const { levels } = FORMATS[format];
  if (!levels) return level === undefined ? undefined : fail('BAD_ATTRIBUTE', `level: ${format} compresses nothing`);
  const [from, to, usual] = levels;
  const chosen = level ?? usual;
  if (!Number.isInteger(chosen) || chosen < from || chosen > to)
    fail('BAD_ATTRIBUTE', `level: ${chosen} is not ${from} to ${to}, as ${format} has it`);
  return chosen;
}

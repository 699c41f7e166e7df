/** A disk as the page shows it: its regions, and what has become of each MiB since another build. */
import { BLOCK_SIZE, cellRuns, describeDisk, stretchesOf, stretchName, type BlockSource } from '../../disk/index.ts';
import { formatBytes } from '../../report/format.ts';
import { printable } from '../../report/printable.ts';
import type { PageDisk, PageRegion } from './protocol.ts';

/** Maps the disk; with another one, what differs from it. */
export function mapDisk(disk: BlockSource, other?: BlockSource): Pick<PageDisk, 'size' | 'regions' | 'runs'> {
  return { size: disk.size, regions: regionsOf(disk), runs: cellRuns(disk, other) };
}

/** Partitions and what lies beside them, ascending, without gaps. */
export function regionsOf(disk: BlockSource): PageRegion[] {
  const { partitions, grub, whole, problem } = describeDisk(disk, 0);
  const stretches = stretchesOf(partitions, disk.size);
  const cell = (byte: number): number => Math.ceil(byte / BLOCK_SIZE);
  return stretches.map((stretch, index) => {
    const found = partitions.find(({ number }) => number === stretch.partition?.number);
    const content = found ?? (stretches.length === 1 ? whole : undefined);
    const loader = grub && index === 0 && partitions.length > 0 ? 'the boot loader GRUB' : undefined;
    const array = content?.array ? `array ${content.array.name ?? content.array.uuid}` : undefined;
    const said = [array, content?.fileSystem?.type, content?.fileSystem?.label, loader, content?.problem];
    const size = formatBytes(stretch.end - stretch.start);
    const name = [stretchName(stretch, stretches), size, ...said.filter(Boolean), ...(problem ? [problem] : [])];
    return { name: printable(name.join(' · ')), first: cell(stretch.start), end: cell(stretch.end) };
  });
}

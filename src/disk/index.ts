/** Disks without root and without mounting: the disk artifact, partition tables, FAT, md arrays, GRUB. */
export {
  BLOCK_SIZE,
  CHECKSUMS,
  GROUP_BLOCKS,
  MANIFEST,
  blockIndex,
  blockPath,
  formatManifest,
  isZero,
} from './format.ts';
export { bufferSource, checkRange, fileSource, readFully, sliceSource } from './source.ts';
export type { ByteSource, FileSource } from './source.ts';
export { createRaw, HOLE_SIZE, type ByteSink, type RawFile } from './sink.ts';
export { readManifest } from './files.ts';
export { eachBlockPart, openDisk, type DiskReader } from './reader.ts';
export { checkDisk, inspectDisk, type Damage, type Inspection } from './damage.ts';
export { formatChecksums, readChecksums, type Checksums } from './checksums.ts';
export { differingRanges, differingSectors, presentRanges, rawBlocks } from './compare.ts';
export { dataRanges } from './holes.ts';
export type { BlockSource, ByteRange, DiskDigests } from './compare.ts';
export { compareDisks } from './difference.ts';
export type { DiskDifference, RegionDifference } from './difference.ts';
export type { FileDifference } from './file-difference.ts';
export { cellRuns, type CellRun, type CellState } from './cells.ts';
export { diskUses, type OnProblem } from './uses.ts';
export { recentWindows } from './recent-windows.ts';
export { UseMap, type Use } from './use.ts';
export { stretchesOf, stretchName, type Stretch } from './regions.ts';
export { describeDisk, fileSystemSource, type Content, type DiskDescription } from './describe.ts';
export { identifyFileSystem, openFileSystem } from './file-system.ts';
export type { OnDamage } from './folders.ts';
export type { FileSystem, FileSystemEntry, FileSystemIdentity } from './file-system.ts';
export { editDisk, type DiskEditor, type EditOptions, type EditSummary } from './editor.ts';
export { parseQemuMap, type QemuExtent } from './extents.ts';
export { assembleRaw, paced, type Pace } from './assemble.ts';
export { writableDisk, type OverlayBase, type WritableDisk } from './overlay.ts';
export { diskToRaw, overlayToDisk, rawToDisk, type Overlay, type RawOptions } from './raw.ts';
export { BOOT_CODE_SIZE, SECTOR, checkMbr, parseMbr, withMbr, type Mbr, type MbrPartition } from './mbr.ts';
export { hasGpt, parseGpt, type Gpt, type GptPartition } from './gpt.ts';
export { GPT_FIRST_USABLE, writeGpt } from './gpt-write.ts';
export { partitionSource, readPartitions, type Partition, type PartitionTable } from './partitions.ts';
export type { ExtEntry, ExtInode, ExtPath } from './ext4/entry.ts';
export { openExt, type ExtVolume } from './ext4/reader.ts';
export { openFat, type FatPath, type FatVolume } from './fat/reader.ts';
export type { FatEntry } from './fat/directory.ts';
export { writeFat16, type FatFile, type FatOptions } from './fat/writer.ts';
export { formatMdadmScan, mdChecksum, readMdSuperblock, type MdSuperblock } from './md.ts';
export { activeMdMembers, withMdUuid, type MdWrite } from './md-uuid.ts';
export { grubSectors, type GrubParts, type GrubSectors } from './grub.ts';

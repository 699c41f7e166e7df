/** Disks without root and without mounting: the disk artifact, partition tables, FAT, md arrays, GRUB. */
export { BLOCK_SIZE } from './format.ts';
export { bufferSource, fileSource, sliceSource, type ByteSource, type FileSource } from './source.ts';
export { createRaw, type ByteSink, type RawFile } from './sink.ts';
export { checkDisk, openDisk, type DiskReader } from './reader.ts';
export { editDisk, type DiskEditor, type EditOptions, type EditSummary } from './editor.ts';
export { parseQemuMap, type QemuExtent } from './extents.ts';
export { diskToRaw, overlayToDisk, rawToDisk, type Overlay, type RawOptions } from './raw.ts';
export { SECTOR, checkMbr, parseMbr, withMbr, type Mbr, type MbrPartition } from './mbr.ts';
export { hasGpt, parseGpt, type Gpt, type GptPartition } from './gpt.ts';
export { openFat, type FatPath, type FatVolume } from './fat/reader.ts';
export type { FatEntry } from './fat/directory.ts';
export { writeFat16, type FatFile, type FatOptions } from './fat/writer.ts';
export { formatMdadmScan, readMdSuperblock, type MdSuperblock } from './md.ts';
export { grubSectors, type GrubParts, type GrubSectors } from './grub.ts';

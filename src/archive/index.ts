/** Archives as streams: cpio, LZMA, patches, tar of sparse disks, gzip from kept segments. */
export { type CpioEntry, type CpioHeader, type CpioType } from './cpio-format.ts';
export { pickFiles } from './cpio-pick.ts';
export { readCpio } from './cpio-read.ts';
export { cpioDirectory, cpioFile, cpioSymlink, writeCpio, type CpioSource } from './cpio-write.ts';
export { compressionOf, decompressed, lzma, unlzma, type Compression } from './compressed.ts';
export { elfSection } from './elf.ts';
export { gzip } from './gzip.ts';
export { applyFilePatch, applyPatches, patchedPath, type Patched, type Placement } from './patch-apply.ts';
export { insertionPatch } from './patch-make.ts';
export { parsePatch, splitLines, type FilePatch, type Hunk, type HunkLine } from './patch-parse.ts';
export { compressPieces, type BlockPiece, type CompressOptions, type Piece } from './piece.ts';
export { safePath } from './safe-path.ts';
export { diskPieces, diskTar, extentsOf, type DataBlock, type SparseFormat } from './tar-disk.ts';
export type { Extent, TarFile } from './tar-header.ts';

/** The map of a disk's blocks that bmaptool reads, version 2.0: which there are, and the SHA-256 of each. */
import { createHash } from 'node:crypto';

/** A block that is not all zero. */
export interface MappedBlock {
  readonly index: number;
  /** In hex. */
  readonly sha256: string;
}

/** The map has the SHA-256 of itself, made with zeros in its place. */
const NO_CHECKSUM = '0'.repeat(64);

/** The text of a `.bmap`; sizes in bytes. */
export function bmapText(size: number, blockSize: number, blocks: readonly MappedBlock[]): string {
  const text = (checksum: string): string => `<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> ${size} </ImageSize>
    <BlockSize> ${blockSize} </BlockSize>
    <BlocksCount> ${Math.ceil(size / blockSize)} </BlocksCount>
    <MappedBlocksCount> ${blocks.length} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> ${checksum} </BmapFileChecksum>
    <BlockMap>
${blocks.map(({ index, sha256 }) => `        <Range chksum="${sha256}"> ${index} </Range>\n`).join('')}    </BlockMap>
</bmap>
`;
  return text(createHash('sha256').update(text(NO_CHECKSUM)).digest('hex'));
}

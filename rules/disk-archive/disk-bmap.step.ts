/** Writes the map of a disk's blocks for bmaptool. */
import { BLOCK_SIZE, openDisk } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { bmapText, type MappedBlock } from './bmap.ts';
import { dataBlocks } from './pack.ts';

interface Spec {
  /** The disk is filled up with zeros to a multiple of so many bytes. */
  readonly args: { readonly granule: number };
  readonly inputs: 'disk';
  readonly outputs: 'bmap';
}

export default step<Spec>(async ({ args, inputs, outputs, digestOf, log }) => {
  const disk = openDisk(inputs.disk);
  const size = Math.ceil(disk.size / args.granule) * args.granule;
  const buffer = Buffer.alloc(BLOCK_SIZE);
  let read = 0;
  const blocks: MappedBlock[] = [];
  for (const block of dataBlocks(disk, size, digestOf)) {
    let { sha256 } = block;
    if (sha256 === undefined) {
      const bytes = buffer.subarray(0, block.length);
      block.read(bytes);
      sha256 = createHash('sha256').update(bytes).digest('hex');
      read++;
    }
    blocks.push({ index: block.offset / BLOCK_SIZE, sha256 });
  }
  writeFileSync(outputs.bmap, bmapText(size, BLOCK_SIZE, blocks));
  log(`${blocks.length} blocks, ${read} of them read`);
});

/** Writes a disk with blocks of data spread evenly over it. No two blocks are equal; a part of each does not compress. */
import { editDisk } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { createHash } from 'node:crypto';

interface Spec {
  readonly args: { readonly sizeMiB: number; readonly dataMiB: number };
  readonly inputs: never;
  readonly outputs: 'disk';
}

const MIB = 2 ** 20;
const NOISE_BYTES = 32 * 1024;

export default step<Spec>(async ({ args: { sizeMiB, dataMiB }, outputs, progress }) => {
  const disk = editDisk({ to: outputs.disk, size: sizeMiB * MIB });
  const content = Buffer.alloc(MIB, 'the rest of the block ');
  for (let index = 0; index < dataMiB; index++) {
    let hash = createHash('sha512').update(String(index)).digest();
    for (let at = 0; at < NOISE_BYTES; at += hash.length) {
      hash.copy(content, at);
      hash = createHash('sha512').update(hash).digest();
    }
    disk.write(Math.floor((index * sizeMiB) / dataMiB) * MIB, content);
    if (index % 256 === 0) progress('writing', (100 * index) / dataMiB);
  }
  disk.finish();
});

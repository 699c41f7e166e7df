/** Packs a disk artifact. Only blocks that no earlier archive had are compressed. */
import { openDisk } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { partitionsOf, placeholderMac } from './describe.ts';
import { packDisk } from './pack.ts';

interface Spec {
  readonly args: { readonly name: string; readonly sparse: 'gnu' | 'plain'; readonly level: number };
  readonly inputs: 'disk';
  readonly outputs: 'archive';
}

/** Name of the disk in the archive, as Google Cloud wants it. */
const MEMBER = 'disk.raw';

export default step<Spec>(async ({ args, inputs, outputs, memo, epoch, progress, log }) => {
  const { name, sparse, level } = args;
  const file = `${name}.tar.gz`;
  await mkdir(outputs.archive);
  const disk = openDisk(inputs.disk);
  const packed = await packDisk(disk, join(outputs.archive, file), {
    member: MEMBER,
    sparse,
    level,
    memo,
    mtime: epoch,
    progress: (percent) => progress('pack', percent),
  });
  const mac = placeholderMac(disk);
  const manifest = {
    format: 'dsmb-archive/1',
    archive: { file, bytes: packed.bytes, sha256: packed.sha256, member: MEMBER, sparse, level },
    disk: {
      bytes: disk.size,
      dataBytes: packed.dataBytes,
      blocksRoot: packed.blocksRoot,
      partitions: partitionsOf(disk),
    },
    ...(mac === undefined ? {} : { placeholderMac: mac }),
  };
  await writeFile(join(outputs.archive, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeFile(join(outputs.archive, 'SHA256SUMS'), `${packed.sha256}  ${file}\n`);
  log(`${packed.compressed} of ${packed.blocks} blocks compressed, ${packed.bytes} bytes written`);
});

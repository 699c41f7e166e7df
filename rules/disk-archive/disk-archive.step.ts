/** Packs a disk artifact. Only blocks that no earlier archive had are compressed. */
import { openDisk } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { writeFile } from 'node:fs/promises';
import { partitionsOf, placeholderMac } from './describe.ts';
import { MEMBER } from './encode.ts';
import { FORMATS, type ArchiveFormat } from './formats.ts';
import { packDisk } from './pack.ts';

interface Spec {
  readonly args: {
    /** Name of the archive. */
    readonly file: string;
    readonly format: ArchiveFormat;
    /** For `tar.gz`. */
    readonly sparse?: 'gnu' | 'plain';
    /** For formats that compress. */
    readonly level?: number;
  };
  readonly inputs: 'disk';
  readonly outputs: 'archive' | 'manifest';
}

export default step<Spec>(async ({ args, inputs, outputs, scratch, memo, digestOf, epoch, progress, log }) => {
  const { file, format, sparse, level } = args;
  const disk = openDisk(inputs.disk);
  const packed = await packDisk(disk, outputs.archive, {
    format,
    sparse: sparse ?? 'gnu',
    level: level ?? 0,
    memo,
    scratch,
    time: epoch,
    digestOf,
    progress: (percent) => progress('pack', percent),
  });
  const mac = placeholderMac(disk);
  const manifest = {
    format: 'dsmb-archive/1',
    archive: {
      file,
      bytes: packed.bytes,
      format,
      ...(FORMATS[format].extension === '.tar.gz' ? { member: MEMBER } : {}),
      ...(sparse === undefined ? {} : { sparse }),
      ...(level === undefined ? {} : { level }),
    },
    disk: {
      bytes: packed.diskBytes,
      dataBytes: packed.dataBytes,
      blocksRoot: packed.blocksRoot,
      partitions: partitionsOf(disk),
    },
    ...(mac === undefined ? {} : { placeholderMac: mac }),
  };
  await writeFile(outputs.manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
  log(`${packed.compressed} of ${packed.blocks} blocks compressed, ${packed.bytes} bytes written`);
});

/** Packs a disk artifact. Only blocks that no earlier archive had are compressed. */
import { openDisk } from 'dsmb/disk';
import { step, type Step, type StepContext } from 'dsmb/step';
import { writeFile } from 'node:fs/promises';
import { deploymentOf, partitionsOf } from './describe.ts';
import { MEMBER, type XzCodec } from './encode.ts';
import { FORMATS, type ArchiveFormat } from './formats.ts';
import { packDisk } from './pack.ts';

export interface Spec {
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

/** The step; `xzCodec` is for the format `xz` only. */
export function archiveStep(xzCodec?: XzCodec): Step<Spec> {
  return step<Spec>((context) => pack(context, xzCodec));
}

async function pack(context: StepContext<Spec>, xzCodec: XzCodec | undefined): Promise<void> {
  const { args, inputs, outputs, scratch, memo, digestOf, epoch, progress, log } = context;
  const { file, format, sparse, level } = args;
  const disk = openDisk(inputs.disk);
  const packed = await packDisk(disk, outputs.archive, {
    format,
    sparse: sparse ?? 'gnu',
    level: level ?? 0,
    xzCodec,
    memo,
    scratch,
    time: epoch,
    digestOf,
    progress: (percent) => progress('pack', percent),
  });
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
    ...deploymentOf(disk),
  };
  await writeFile(outputs.manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
  log(`${packed.compressed} of ${packed.blocks} blocks compressed, ${packed.bytes} bytes written`);
}

/** A disk packed for upload, in the format that a cloud takes, with checksums and a manifest that says what is in it. */
import { attr, fail, File, rule, type Actions, type Artifact } from 'dsmb';
import { Archive, Disk } from '../kinds.ts';
import { overlayTools } from '../toolchains.ts';
import { FORMATS, levelOf, type ArchiveFormat } from './formats.ts';

/** Packs a disk: a folder with `<name><extension>`, `SHA256SUMS`, `manifest.json`. */
export const diskArchive = rule({
  name: 'diskArchive',
  makes: Archive,
  attributes: {
    disk: Disk,
    /** The archive is `<name>` and the format's extension; `dsm` by default. */
    name: attr.optional(attr.string),
    /**
     * What the disk is packed as; `tar.gz` by default.
     *
     * | format   | file       | taken by                                                                              |
     * | -------- | ---------- | ------------------------------------------------------------------------------------- |
     * | `tar.gz` | `.tar.gz`  | installers and rescue systems that stream `tar xzO` into `dd` (any host, Hetzner)     |
     * | `gcp`    | `.tar.gz`  | Google Cloud: sparse `disk.raw`, filled up to whole GiB                               |
     * | `gz`     | `.raw.gz`  | `gunzip` into `dd`; every cloud that takes raw disks, unpacked                        |
     * | `zst`    | `.raw.zst` | `zstd -d` into `dd`: quickest to pack and to unpack                                   |
     * | `xz`     | `.raw.xz`  | `xz -d` into `dd`: smallest, slow to pack                                             |
     * | `qcow2`  | `.qcow2`   | Aliyun, Huawei, Tencent, DigitalOcean, any QEMU; compressed                           |
     * | `vhd`    | `.vhd`     | Azure: fixed VHD, filled up to whole MiB; Aliyun, Tencent, AWS. As large as the disk, |
     * |          |            | and its checksum costs a pass over all of that, zeros included                        |
     * | `vmdk`   | `.vmdk`    | AWS (alone or in an OVA), Aliyun, Huawei, Tencent, VMware: stream-optimised           |
     */
    format: attr.optional(attr.choice(Object.keys(FORMATS) as ArchiveFormat[])),
    /**
     * How `tar.gz` writes holes. `gnu` (the default): a sparse member, for GNU tar, bsdtar and Python. `plain`: zeros,
     * which busybox reads too, for streaming from an installer's shell.
     */
    sparse: attr.optional(attr.choice(['gnu', 'plain'])),
    /** From fast to small: 1 to 9 (6 by default); zst 1 to 19 (9 by default); xz 0 to 9 (6 by default). */
    level: attr.optional(attr.integer),
    /**
     * Adds `<name>.bmap`, with which `bmaptool copy` writes and checks only the blocks that are not zero; false by default. All
     * other blocks of what it writes to must be zero before. For `tar.gz`, `gcp`, `gz`, `zst` and `xz`.
     */
    bmap: attr.optional(attr.boolean),
  },
  implement({ disk, name = 'dsm', format = 'tar.gz', sparse = 'gnu', level, bmap = false }, actions) {
    if (!/^\w[\w.+-]{0,63}$/.test(name)) fail('BAD_ATTRIBUTE', `name: '${name}' cannot be the name of a file`);
    if (sparse === 'plain' && format !== 'tar.gz') fail('BAD_ATTRIBUTE', `sparse: 'plain' is for tar.gz`);
    if (bmap && !UNPACKED_BY_BMAPTOOL.has(format))
      fail('BAD_ATTRIBUTE', `bmap: bmaptool does not read ${format}`, { attribute: 'bmap' });
    const chosen = levelOf(format, level);
    const file = `${name}${FORMATS[format].extension}`;
    const { archive, manifest } = actions.step({
      mnemonic: 'DiskArchive',
      module: format === 'xz' ? () => import('./disk-archive-xz.step.ts') : () => import('./disk-archive.step.ts'),
      args: {
        file,
        format,
        ...(format === 'tar.gz' ? { sparse } : {}),
        ...(chosen === undefined ? {} : { level: chosen }),
      },
      inputs: { disk },
      outputs: { archive: { name: file, kind: File }, manifest: { name: 'manifest.json', kind: File } },
      ...(format === 'xz' ? { toolchains: [actions.toolchain(overlayTools)] } : {}),
      hints: { memo: true, digestsOf: ['disk'] },
      timeoutMs: TIMEOUT_MS,
    });
    // The engine hashes what it takes into the store: the step need not do it once more.
    const files = { [file]: archive, ...(bmap ? { [`${name}.bmap`]: bmapOf(disk, format, actions) } : {}) };
    return actions.compose(Archive, {
      ...files,
      'manifest.json': manifest,
      SHA256SUMS: actions.checksums(File, files),
    });
  },
});

/** Formats that bmaptool unpacks as it copies. */
const UNPACKED_BY_BMAPTOOL: ReadonlySet<ArchiveFormat> = new Set(['tar.gz', 'gcp', 'gz', 'zst', 'xz']);

function bmapOf(disk: Artifact<'Disk'>, format: ArchiveFormat, actions: Actions): Artifact<'File'> {
  return actions.step({
    mnemonic: 'DiskBmap',
    module: () => import('./disk-bmap.step.ts'),
    args: { granule: FORMATS[format].granule },
    inputs: { disk },
    outputs: { bmap: { name: 'bmap', kind: File } },
    hints: { digestsOf: ['disk'] },
  }).bmap;
}

/** A full disk of some hundred GiB in xz takes that long. */
const TIMEOUT_MS = 12 * 3_600_000;

/** A disk packed for upload: `.tar.gz`, checksums, and a manifest that says what is in it. */
import { fail, rule, stepModule, type Value } from 'dsmb';
import { Archive, type Disk } from '../kinds.ts';

/** Attributes of `cloudTarball`. */
export interface CloudTarballAttributes {
  readonly disk: Disk;
  /** The archive is `<name>.tar.gz`; `dsm` unless told. */
  readonly name?: Value<string>;
  /**
   * How the holes are written. `gnu` (unless told): a sparse member, for GNU tar, bsdtar, Python and Google Cloud.
   * `plain`: zeros, which busybox reads too, for streaming from an installer's shell.
   */
  readonly sparse?: Value<'gnu' | 'plain'>;
  /** 1 (fast) to 9 (small), as gzip has it; 6 unless told. */
  readonly level?: Value<number>;
}

/** Packs a disk: `<name>.tar.gz` with the one member `disk.raw`, `SHA256SUMS`, `manifest.json`. */
export const cloudTarball = rule<CloudTarballAttributes, 'Archive'>({
  name: 'cloudTarball',
  makes: Archive,
  implement({ disk, name = 'dsm', sparse = 'gnu', level = 6 }, actions) {
    if (!/^\w[\w.+-]{0,63}$/.test(name)) fail('BAD_ATTRIBUTE', `name: '${name}' cannot be the name of a file`);
    if (!Number.isInteger(level) || level < 1 || level > 9) fail('BAD_ATTRIBUTE', `level: ${level} is not 1 to 9`);
    return actions.step({
      mnemonic: 'CloudTarball',
      module: stepModule<typeof import('./cloud-tarball.step.ts').default>(
        new URL('./cloud-tarball.step.ts', import.meta.url),
      ),
      args: { name, sparse, level },
      inputs: { disk },
      outputs: { archive: { name, kind: Archive } },
      needs: { cpus: 2 },
      hints: { memo: true, digestsOf: ['disk'] },
    }).archive;
  },
});

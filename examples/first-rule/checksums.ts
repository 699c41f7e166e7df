/** Rule: the checksums of all files of a folder. */
import { fail, kind, rule, stepModule, type Target, type Tree, type Value } from 'dsmb';

/** Lines of `<checksum>  <path>`, as `sha256sum` writes them. */
export const Checksums = kind('Checksums', 'file');
export type Checksums = Target<'Checksums'>;

/** Attributes of `checksums`. */
export interface ChecksumsAttributes {
  /** The folder whose files are read. */
  readonly files: Tree;
  /** `sha256` unless told. */
  readonly algorithm?: Value<'sha256' | 'sha512'>;
  /** Name of the output; `SHA256SUMS` or `SHA512SUMS` unless told. */
  readonly name?: string;
}

/** Makes a file of checksums, sorted by path. */
export const checksums = rule<ChecksumsAttributes, 'Checksums'>({
  name: 'checksums',
  makes: Checksums,
  implement({ files, algorithm = 'sha256', name = `${algorithm.toUpperCase()}SUMS` }, actions) {
    if (name.includes('/')) fail('BAD_ATTRIBUTE', `name: '${name}' is a path, not a name`);
    const { sums } = actions.step({
      mnemonic: 'Checksums',
      module: stepModule<typeof import('./checksums.step.ts').default>(new URL('./checksums.step.ts', import.meta.url)),
      args: { algorithm },
      inputs: { files },
      outputs: { sums: { name, kind: Checksums } },
    });
    return sums;
  },
});

/** Rule: the checksums of all files of a folder. */
import { attr, fail, kind, rule, Tree, type Target } from 'dsmb';

/** Lines of `<checksum>  <path>`, as `sha256sum` writes them. */
export const Checksums = kind('Checksums', 'file');
export type Checksums = Target<'Checksums'>;

/** Makes a file of checksums, sorted by path. */
export const checksums = rule({
  name: 'checksums',
  makes: Checksums,
  attributes: {
    /** The folder whose files are read. */
    files: Tree,
    /** `sha256` by default. */
    algorithm: attr.optional(attr.choice(['sha256', 'sha512'])),
    /** Name of the output; `SHA256SUMS` or `SHA512SUMS` by default. */
    name: attr.optional(attr.string),
  },
  implement({ files, algorithm = 'sha256', name = `${algorithm.toUpperCase()}SUMS` }, actions) {
    if (name.includes('/')) fail('BAD_ATTRIBUTE', `name: '${name}' is a path, not a name`);
    const { sums } = actions.step({
      mnemonic: 'Checksums',
      module: () => import('./checksums.step.ts'),
      args: { algorithm },
      inputs: { files },
      outputs: { sums: { name, kind: Checksums } },
    });
    return sums;
  },
});

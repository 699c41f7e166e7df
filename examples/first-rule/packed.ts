/** Rule: a folder and its checksums in one compressed archive. */
import { File, rule, toolchain, Tree } from 'dsmb';
import { Checksums } from './checksums.ts';

/** Declared once, beside the rules: an update of it makes only its users stale. */
const tarTools = toolchain('tar', 'xz-utils');

/** Makes `release.tar.xz`, the same bits for the same files. */
export const packed = rule({
  name: 'packed',
  makes: File,
  attributes: { files: Tree, sums: Checksums },
  implement({ files, sums }, actions) {
    const content = actions.compose(Tree, { 'release/files': files, 'release/SUMS': sums });
    return actions.run({
      mnemonic: 'Pack',
      argv: [
        ...['tar', '--create', '--xz', '--file=/out/release.tar.xz', '--directory=/in/content', '--sort=name'],
        ...['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', 'release'],
      ],
      inputs: { content },
      outputs: { archive: { name: 'release.tar.xz', kind: File } },
      toolchains: [actions.toolchain(tarTools)],
    }).archive;
  },
});

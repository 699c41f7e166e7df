/** Rule: a folder with one more file, made without copying the others. */
import { attr, rule, Tree } from 'dsmb';

/** Makes the same folder with a file `NOTICE`. */
export const withNotice = rule({
  name: 'withNotice',
  makes: Tree,
  attributes: { files: Tree, notice: attr.string },
  implement: ({ files, notice }, actions) =>
    actions.step({
      mnemonic: 'WithNotice',
      module: () => import('./with-notice.step.ts'),
      args: { notice },
      inputs: { files },
      outputs: { folder: Tree },
      needs: { memoryMiB: 64 },
      timeoutMs: 60_000,
    }).folder,
});

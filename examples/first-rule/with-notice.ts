/** Rule: a folder with one more file, made without copying the others. */
import { rule, stepModule, Tree, type Value } from 'dsmb';

/** Makes the same folder with a file `NOTICE`. */
export const withNotice = rule<{ readonly files: Tree; readonly notice: Value<string> }, 'Tree'>({
  name: 'withNotice',
  makes: Tree,
  implement: ({ files, notice }, actions) =>
    actions.step({
      mnemonic: 'WithNotice',
      module: stepModule<typeof import('./with-notice.step.ts').default>(
        new URL('./with-notice.step.ts', import.meta.url),
      ),
      args: { notice },
      inputs: { files },
      outputs: { folder: { name: 'folder', kind: Tree } },
      needs: { memoryMiB: 64 },
      timeoutMs: 60_000,
    }).folder,
});

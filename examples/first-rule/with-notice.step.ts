/** Hands a folder on by symlinks, and adds a file to it. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from 'dsmb/step';

interface Spec {
  readonly args: { readonly notice: string };
  readonly inputs: 'files';
  readonly outputs: 'folder';
}

export default step<Spec>(async ({ args, inputs, outputs }) => {
  mkdirSync(outputs.folder);
  for (const name of readdirSync(inputs.files)) symlinkSync(join(inputs.files, name), join(outputs.folder, name));
  writeFileSync(join(outputs.folder, 'NOTICE'), `${args.notice}\n`);
});

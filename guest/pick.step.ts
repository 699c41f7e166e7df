/** Takes single files out of a folder of packages, through the symbolic links of libraries. */
import { copyFileSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, step } from 'dsmb/step';

interface Spec {
  /** Paths in the packages; each keeps its path. */
  readonly args: { readonly paths: readonly string[] };
  readonly inputs: 'packages';
  readonly outputs: 'picked';
}

export default step<Spec>(async ({ args, inputs, outputs }) => {
  const root = realpathSync(inputs.packages);
  for (const path of args.paths) {
    const from = resolve(root, path);
    const to = join(outputs.picked, path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
});

function resolve(root: string, path: string): string {
  try {
    const real = realpathSync(join(root, path));
    if (real.startsWith(`${root}/`)) return real;
  } catch {
    // Falls through to the message below.
  }
  return fail('NOT_IN_PACKAGE', `the packages hold no '${path}'`, { hint: 'did an update of a package rename it?' });
}

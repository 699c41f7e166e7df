/** Takes programs and their libraries out of a folder of packages, through the symbolic links of libraries. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, step } from 'dsmb/step';
import { neededLibraries } from './libraries.ts';

interface Spec {
  /** Paths in the packages; each keeps its path. */
  readonly args: { readonly programs: readonly string[] };
  readonly inputs: 'packages';
  readonly outputs: 'picked';
}

const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

export default step<Spec>(async ({ args, inputs, allInputs, outputs }) => {
  const { over } = allInputs;
  const root = realpathSync(inputs.packages);
  const todo = args.programs.map((path) => ({ path, by: '' }));
  const picked = new Set<string>();
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (picked.has(next.path) || (over && existsSync(join(over, next.path)))) continue;
    picked.add(next.path);
    const { path } = next;
    const from = resolve(root, next);
    const to = join(outputs.picked, path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    for (const library of neededLibraries(readFileSync(from), path))
      todo.push({ path: `${LIBRARIES}/${library}`, by: path });
  }
});

function resolve(root: string, { path, by }: { readonly path: string; readonly by: string }): string {
  try {
    const real = realpathSync(join(root, path));
    if (real.startsWith(`${root}/`)) return real;
  } catch {
    // Falls through to the message below.
  }
  return fail('NOT_IN_PACKAGE', `the packages hold no '${path}'${by && `, which ${by} needs`}`, {
    hint: by ? 'add the package that has it' : 'did an update of a package rename it?',
  });
}

/** Collects kernel modules with all they depend on, and lists them in an order in which they can be loaded. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadOrder, moduleName, moduleRequirements } from 'dsmb/archive';
import { fail, step } from 'dsmb/step';

interface Spec {
  readonly args: {
    /** Names of the modules that are wanted. */
    readonly modules: readonly string[];
    /** The folder of all modules, in the package. */
    readonly folder: string;
    /** Where to list the names in loading order; empty for no list. */
    readonly list: string;
  };
  readonly inputs: 'kernel';
  readonly outputs: 'modules';
}

export default step<Spec>(async ({ args, inputs, outputs }) => {
  const files = moduleFiles(join(inputs.kernel, args.folder));
  const fileOf = (name: string): string =>
    files.get(name) ?? fail('NO_SUCH_MODULE', `the kernel package has no module '${name}'`);
  const order = loadOrder(args.modules, (name) => moduleRequirements(readFileSync(fileOf(name))));
  const folder = join(outputs.modules, 'usr/lib/modules');
  mkdirSync(folder, { recursive: true });
  for (const name of order) copyFileSync(fileOf(name), join(folder, `${name}.ko`));
  if (args.list === '') return;
  const list = join(outputs.modules, args.list);
  mkdirSync(dirname(list), { recursive: true });
  writeFileSync(list, `${order.join('\n')}\n`);
});

function moduleFiles(folder: string): Map<string, string> {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ko'));
  return new Map(found.map((path) => [moduleName(basename(path, '.ko')), join(folder, path)]));
}

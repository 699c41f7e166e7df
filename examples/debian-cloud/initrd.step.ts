/** Packs busybox, kernel modules and a script into an initrd: just enough to mount the root file system. */
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cpioDirectory, cpioFile, loadOrder, moduleName, moduleRequirements, writeCpio } from 'dsmb/archive';
import { fail, step } from 'dsmb/step';

interface Spec {
  /** Names of the modules to load, in this order, each after what it needs. */
  readonly args: { readonly modules: readonly string[] };
  readonly inputs: 'busybox' | 'kernel' | 'init';
  readonly outputs: 'initrd';
}

export default step<Spec>(async ({ args, inputs, outputs, epoch }) => {
  const files = moduleFiles(join(inputs.kernel, 'lib/modules'));
  const read = (name: string): Buffer =>
    readFileSync(files.get(name) ?? fail('NO_SUCH_MODULE', `the kernel has no module '${name}'`));
  const order = loadOrder(args.modules, (name) => moduleRequirements(read(name)));
  const entries = [
    ...['bin', 'dev', 'modules', 'proc', 'root'].map((path) => cpioDirectory(path)),
    cpioFile('bin/busybox', readFileSync(inputs.busybox), 0o755),
    cpioFile('init', readFileSync(inputs.init), 0o755),
    ...order.map((name) => cpioFile(`modules/${name}.ko`, read(name))),
    cpioFile('modules/order', order.map((name) => `${name}\n`).join('')),
  ];
  await pipeline(writeCpio(entries, epoch), createWriteStream(outputs.initrd));
});

function moduleFiles(folder: string): Map<string, string> {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ko'));
  return new Map(found.map((path) => [moduleName(basename(path, '.ko')), join(folder, path)]));
}

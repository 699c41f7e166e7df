/** Changes one text in a kernel source file and compiles it as a module, outside of the kernel's tree. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, step } from 'dsmb/step';
import { replaceOnce } from './replace-once.ts';

interface Spec {
  readonly args: {
    /** The module's name. */
    readonly name: string;
    readonly replace: { readonly from: string; readonly to: string };
    readonly kernelVersion: string;
  };
  readonly inputs: 'source';
  readonly outputs: 'module';
}

export default step<Spec>(async ({ args: { name, replace, kernelVersion }, inputs, outputs, scratch }) => {
  const folder = join(scratch, 'module');
  mkdirSync(folder);
  const source = readFileSync(inputs.source, 'utf8');
  writeFileSync(join(folder, `${name}.c`), replaceOnce(source, replace.from, replace.to, `${name}.c`));
  writeFileSync(join(folder, 'Kbuild'), `obj-m := ${name}.o\nccflags-y := -fdebug-prefix-map=${folder}=. -g0\n`);
  const headers = `/usr/src/linux-headers-${kernelVersion}`;
  // Debug information is off: it is what would name the folder, and an initrd has no use for it.
  await run('make', ['-C', headers, `M=${folder}`, 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'modules']);
  await run('strip', ['--strip-debug', '--enable-deterministic-archives', join(folder, `${name}.ko`)]);
  copyFileSync(join(folder, `${name}.ko`), outputs.module);
});

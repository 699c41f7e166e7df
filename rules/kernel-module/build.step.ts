/** Changes one text in a kernel source file and compiles it as a module, outside of the kernel's tree. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
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
  writeFileSync(join(folder, 'Kbuild'), `obj-m := ${name}.o\n`);
  // The name of the folder must not get into the module.
  const flags = `KCFLAGS=-g0 -ffile-prefix-map=${folder}=.`;
  await run('make', ['-C', `/usr/src/linux-headers-${kernelVersion}`, `M=${folder}`, flags, 'modules'], {
    env: { PATH: `${linkAwk(scratch)}:${process.env['PATH']}` },
  });
  await run('strip', ['--strip-debug', join(folder, `${name}.ko`)]);
  copyFileSync(join(folder, `${name}.ko`), outputs.module);
});

/** The build calls `awk`; packages bring it as `mawk`, and the link is made on installing them. */
function linkAwk(scratch: string): string {
  const folder = join(scratch, 'bin');
  mkdirSync(folder);
  symlinkSync('/usr/bin/mawk', join(folder, 'awk'));
  return folder;
}

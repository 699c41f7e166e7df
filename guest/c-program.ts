/** Rule: a small C program, linked dynamically. */
import { File, rule, type Toolchain } from 'dsmb';

export const cProgram = rule<{ readonly source: File; readonly compiler: Toolchain }, 'File'>({
  name: 'cProgram',
  makes: File,
  implement: ({ source, compiler }, actions) =>
    actions.run({
      mnemonic: 'CompileC',
      argv: ['gcc-12', '-O2', '-Wall', '-Werror', '-s', '-x', 'c', '-o', '/out/program', '/in/source'],
      inputs: { source },
      outputs: { program: { name: 'program', kind: File } },
      toolchains: [compiler],
    }).program,
});

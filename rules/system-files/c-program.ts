/** Rule: a small C program, linked dynamically. */
import { File, rule, Toolchain } from 'dsmb';

export const cProgram = rule({
  name: 'cProgram',
  makes: File,
  attributes: { source: File, compiler: Toolchain },
  implement: ({ source, compiler }, actions) =>
    actions.run({
      mnemonic: 'CompileC',
      argv: ['gcc-12', '-O2', '-Wall', '-Werror', '-s', '-x', 'c', '-o', '/out/program', '/in/source'],
      inputs: { source },
      outputs: { program: File },
      toolchains: [compiler],
    }).program,
});

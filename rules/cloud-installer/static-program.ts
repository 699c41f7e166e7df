/** Rule: a C program of several files that needs no library where it runs. */
import { attr, File, rule, Toolchain, Tree } from 'dsmb';

export const staticProgram = rule({
  name: 'staticProgram',
  makes: File,
  attributes: {
    /** The folder with the sources and their headers. */
    source: Tree,
    /** Names of the files to compile. */
    files: attr.list(attr.string),
    /** Names of the libraries to link with, `z` for libz. */
    libraries: attr.list(attr.string),
    compiler: Toolchain,
  },
  implement: ({ source, files, libraries, compiler }, actions) =>
    actions.run({
      mnemonic: 'CompileStatic',
      argv: [
        ...['gcc-12', '-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-static', '-s', '-o', '/out/program'],
        ...files.map((name) => `/in/source/${name}`),
        ...libraries.map((name) => `-l${name}`),
      ],
      inputs: { source },
      outputs: { program: File },
      toolchains: [compiler],
    }).program,
});

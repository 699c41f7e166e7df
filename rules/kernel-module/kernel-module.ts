/** Rules: a module of the kernel's own sources with a line changed, and a folder of modules. */
import { attr, File, rule, Toolchain, Tree } from 'dsmb';
import { Drivers, KernelModule } from '../kinds.ts';
import { tarTools } from '../toolchains.ts';

/** Compiles one file of the kernel's sources, changed, as a module for that kernel. */
export const kernelModule = rule({
  name: 'kernelModule',
  makes: KernelModule,
  attributes: {
    /** The unpacked source package. */
    source: Tree,
    /** The compressed tar of the sources, in that package. */
    archive: attr.string,
    /** The file to compile, below the archive's top folder, for example `drivers/block/virtio_blk.c`. */
    file: attr.string,
    /** A text that stands in the file exactly once, and what takes its place. */
    replace: attr.object({ from: attr.string, to: attr.string }),
    /** The kernel's headers with compiler and make. */
    headers: Toolchain,
    /** As `uname -r` says it: the headers are in `/usr/src/linux-headers-<version>`. */
    kernelVersion: attr.string,
  },
  implement({ source, archive, file, replace, headers, kernelVersion }, actions) {
    const extracted = actions.run({
      mnemonic: 'KernelSource',
      // The first occurrence ends the reading: most of the archive is never unpacked.
      argv: [
        ...['tar', '--extract', '--xz', '--file=/in/archive', '--directory=/out', '--no-same-owner'],
        ...['--occurrence=1', '--wildcards', `--strip-components=${file.split('/').length}`, `*/${file}`],
      ],
      inputs: { archive: source.at(archive, File) },
      outputs: { file: { name: baseName(file), kind: File } },
      toolchains: [actions.toolchain(tarTools)],
    });
    return actions.step({
      mnemonic: 'KernelModule',
      module: () => import('./build.step.ts'),
      args: { name: baseName(file).replace(/\.c$/, ''), replace, kernelVersion },
      inputs: { source: extracted.file },
      outputs: { module: { name: baseName(file).replace(/\.c$/, '.ko'), kind: KernelModule } },
      toolchains: [headers],
      needs: { memoryMiB: 512 },
    }).module;
  },
});

/** A folder of modules for an overlay: name to module. */
export const driversFolder = rule({
  name: 'driversFolder',
  makes: Drivers,
  attributes: { modules: attr.record(KernelModule) },
  implement: ({ modules }, actions) =>
    actions.compose(
      Drivers,
      Object.fromEntries(Object.entries(modules).map(([name, module]) => [`${name}.ko`, module])),
    ),
});

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

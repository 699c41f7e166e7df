/** Rules: the stand-in's installation archive, in the shape of the original's, and the system inside of it. */
import { attr, File, rule, Tree } from 'dsmb';
import { CpioLzma, Pat } from '../rules/kinds.ts';
import { versionFile, type DsmVersion } from './dsm-version.ts';

/** The installed system's files (`hda1.tgz`). */
export const systemArchive = rule({
  name: 'systemArchive',
  makes: File,
  attributes: {
    /** Folders laid over each other; a later one wins. */
    layers: attr.list(Tree),
    /** Symbolic links to add: path to target. */
    links: attr.record(attr.string),
    /** Fills the system with this many MiB of the files of a folder, to make a larger disk. */
    filling: attr.optional(attr.object({ MiB: attr.integer, from: Tree })),
  },
  implement({ layers, links, filling }, actions) {
    const inputs = Object.fromEntries(layers.map((layer, index) => [`layer${index}`, layer]));
    const fillingMiB = filling?.MiB ?? 0;
    return actions.step({
      mnemonic: 'GuestSystem',
      module: () => import('./system.step.ts'),
      args: { layers: Object.keys(inputs), links, fillingMiB },
      inputs: { ...inputs, ...(filling && fillingMiB > 0 ? { filling: filling.from } : {}) },
      outputs: { system: { name: 'hda1.tgz', kind: File } },
    }).system;
  },
});

/** The archive that the web assistant takes. */
export const standInPat = rule({
  name: 'standInPat',
  makes: Pat,
  attributes: { kernel: File, rd: CpioLzma, system: File, version: attr.data<DsmVersion>() },
  implement: ({ kernel, rd, system, version }, actions) =>
    actions.step({
      mnemonic: 'GuestPat',
      module: () => import('./pat.step.ts'),
      args: { version: versionFile(version) },
      inputs: { zImage: kernel, rd, system },
      outputs: { pat: { name: 'stand-in.pat', kind: Pat } },
    }).pat,
});

/** Rules: the stand-in's installation archive, in the shape of the original's, and the system inside of it. */
import { File, rule, stepModule, type Tree, type Value } from 'dsmb';
import { Pat, type CpioLzma } from '../rules/kinds.ts';
import { versionFile, type DsmVersion } from './dsm-version.ts';

const packSystem = stepModule<typeof import('./system.step.ts').default>(new URL('./system.step.ts', import.meta.url));
const packPat = stepModule<typeof import('./pat.step.ts').default>(new URL('./pat.step.ts', import.meta.url));

/** The installed system's files (`hda1.tgz`). */
export const systemArchive = rule<
  {
    /** Folders laid over each other; a later one wins. */
    readonly layers: readonly Tree[];
    /** Symbolic links to add: path to target. */
    readonly links: Readonly<Record<string, string>>;
    /** Fills the system with this many MiB of the files of a folder, to make a larger disk. */
    readonly filling?: { readonly MiB: Value<number>; readonly from: Tree };
  },
  'File'
>({
  name: 'systemArchive',
  makes: File,
  implement({ layers, links, filling }, actions) {
    const inputs = Object.fromEntries(layers.map((layer, index) => [`layer${index}`, layer]));
    const fillingMiB = filling?.MiB ?? 0;
    return actions.step({
      mnemonic: 'GuestSystem',
      module: packSystem,
      args: { layers: Object.keys(inputs), links, fillingMiB },
      inputs: { ...inputs, ...(filling && fillingMiB > 0 ? { filling: filling.from } : {}) },
      outputs: { system: { name: 'hda1.tgz', kind: File } },
    }).system;
  },
});

/** The archive that the web assistant takes. */
export const standInPat = rule<
  { readonly kernel: File; readonly rd: CpioLzma; readonly system: File; readonly version: DsmVersion },
  'Pat'
>({
  name: 'standInPat',
  makes: Pat,
  implement: ({ kernel, rd, system, version }, actions) =>
    actions.step({
      mnemonic: 'GuestPat',
      module: packPat,
      args: { version: versionFile(version) },
      inputs: { zImage: kernel, rd, system },
      outputs: { pat: { name: 'stand-in.pat', kind: Pat } },
    }).pat,
});

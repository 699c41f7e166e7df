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
    /** MiB of filling, to make a larger disk; 0 unless told. */
    readonly payloadMiB?: Value<number>;
  },
  'File'
>({
  name: 'systemArchive',
  makes: File,
  implement({ layers, links, payloadMiB = 0 }, actions) {
    const inputs = Object.fromEntries(layers.map((layer, index) => [`layer${index}`, layer]));
    return actions.step({
      mnemonic: 'GuestSystem',
      module: packSystem,
      args: { layers: Object.keys(inputs), links, payloadMiB },
      inputs,
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

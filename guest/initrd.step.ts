/** Packs folders into an initrd: a cpio (newc) archive in LZMA-alone. */
import { createReadStream } from 'node:fs';
import { cpioDirectory, cpioSymlink, lzma, writeCpio, type CpioSource } from 'dsmb/archive';
import { step } from 'dsmb/step';
import { layerEntries, type LayerEntry } from '../rules/system-files/layers.ts';

interface Spec {
  /** Inputs in the order in which they are laid over each other, and symbolic links to add. */
  readonly args: { readonly layers: readonly string[]; readonly links: Readonly<Record<string, string>> };
  readonly inputs: never;
  readonly outputs: 'initrd';
}

export default step<Spec>(async ({ args, allInputs, outputs, epoch }) => {
  const folders = args.layers.map((name) => allInputs[name] ?? '');
  const entries = layerEntries(folders, args.links).map(cpioEntry);
  await lzma(writeCpio(entries, epoch), outputs.initrd);
});

function cpioEntry(entry: LayerEntry): CpioSource {
  switch (entry.type) {
    case 'directory':
      return cpioDirectory(entry.path, entry.mode);
    case 'symlink':
      return cpioSymlink(entry.path, entry.target);
    case 'file': {
      const { path, type, mode, size, from } = entry;
      return { path, type, mode, size, body: () => createReadStream(from) };
    }
  }
}

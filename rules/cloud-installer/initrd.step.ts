/** Packs folders into an initrd: a cpio (newc) archive in gzip. */
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { cpioDirectory, cpioSymlink, writeCpio, type CpioSource } from 'dsmb/archive';
import { step } from 'dsmb/step';
import { layerEntries, type LayerEntry } from '../system-files/layers.ts';

interface Spec {
  readonly args: { readonly layers: readonly string[]; readonly links: Readonly<Record<string, string>> };
  readonly inputs: never;
  readonly outputs: 'initrd';
}

export default step<Spec>(async ({ args, allInputs, outputs, epoch }) => {
  const folders = args.layers.map((name) => allInputs[name] ?? '');
  const entries = layerEntries(folders, args.links).map(cpioEntry);
  await pipeline(writeCpio(entries, epoch), createGzip({ level: 9 }), createWriteStream(outputs.initrd));
});

function cpioEntry(entry: LayerEntry): CpioSource {
  if (entry.type === 'directory') return cpioDirectory(entry.path, entry.mode);
  if (entry.type === 'symlink') return cpioSymlink(entry.path, entry.target);
  const { path, type, mode, size, from } = entry;
  return { path, type, mode, size, body: () => createReadStream(from) };
}

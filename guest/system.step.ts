/** Packs the installed system into `hda1.tgz`. */
import { createReadStream, createWriteStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fail, sortByCodePoint, step } from 'dsmb/step';
import { pack, type Pack } from 'tar-stream';
import { layerEntries, type LayerEntry } from '../rules/system-files/layers.ts';
import { addFile } from './tar-file.ts';

interface Spec {
  readonly args: {
    /** Inputs in the order in which they are laid over each other, and symbolic links to add. */
    readonly layers: readonly string[];
    readonly links: Readonly<Record<string, string>>;
    /** MiB of filling, to make a larger disk, from the files of the input `filling`. */
    readonly fillingMiB: number;
  };
  readonly inputs: never;
  readonly outputs: 'system';
}

/** Folders that the system mounts something on. */
const MOUNT_POINTS = ['dev', 'proc', 'run', 'sys', 'tmp', 'volume1'];
const MIB = 1024 * 1024;
const OWNER = { uid: 0, gid: 0, uname: '', gname: '' } as const;

export default step<Spec>(async ({ args, allInputs, outputs, epoch }) => {
  const folders = args.layers.map((name) => allInputs[name] ?? '');
  const archive = pack();
  const writing = pipeline(archive, createGzip(), createWriteStream(outputs.system));
  for (const entry of layerEntries(folders, args.links, MOUNT_POINTS))
    await addEntry(archive, entry, new Date(epoch * 1000));
  const source = allInputs['filling'];
  if (source) await addFilling(archive, source, args.fillingMiB, new Date(epoch * 1000));
  archive.finalize();
  await writing;
});

async function addEntry(archive: Pack, entry: LayerEntry, mtime: Date): Promise<void> {
  const header = { name: entry.path, mode: entry.mode, mtime, ...OWNER };
  switch (entry.type) {
    case 'directory':
      return void archive.entry({ ...header, type: 'directory' });
    case 'symlink':
      return void archive.entry({ ...header, type: 'symlink', linkname: entry.target });
    case 'file':
      return addFile(archive, { ...header, size: entry.size }, createReadStream(entry.from));
  }
}

/** One large file made of the files of a folder, in order, again from the start when they are not enough. */
async function addFilling(archive: Pack, folder: string, mebibytes: number, mtime: Date): Promise<void> {
  const header = { name: 'usr/share/filling', mode: 0o644, mtime, size: mebibytes * MIB, ...OWNER };
  await addFile(archive, header, filling(folder, mebibytes * MIB));
}

async function* filling(folder: string, size: number): AsyncGenerator<Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = sortByCodePoint(entries.map(({ parentPath, name }) => join(parentPath, name)));
  let left = size;
  while (left > 0) {
    const before = left;
    for (const path of paths) {
      for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
        yield chunk.subarray(0, left);
        left -= Math.min(left, chunk.length);
        if (left === 0) return;
      }
    }
    if (left === before) fail('NOTHING_TO_FILL_WITH', 'the folder that the system is to be filled from has no content');
  }
}

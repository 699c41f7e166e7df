/** Packs the installed system into `hda1.tgz`. */
import { createCipheriv, type Cipheriv } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { step } from 'dsmb/step';
import { pack, type Pack } from 'tar-stream';
import { layerEntries, type LayerEntry } from './layers.ts';
import { addFile } from './tar-file.ts';

interface Spec {
  readonly args: {
    /** Inputs in the order in which they are laid over each other, and symbolic links to add. */
    readonly layers: readonly string[];
    readonly links: Readonly<Record<string, string>>;
    /** MiB of filling, to make a larger disk. */
    readonly payloadMiB: number;
  };
  readonly inputs: never;
  readonly outputs: 'system';
}

/** Folders that the system mounts something on. */
const MOUNT_POINTS = ['dev', 'proc', 'run', 'sys', 'tmp'];
const MIB = 1024 * 1024;
const OWNER = { uid: 0, gid: 0, uname: '', gname: '' } as const;

export default step<Spec>(async ({ args, allInputs, outputs, epoch }) => {
  const folders = args.layers.map((name) => allInputs[name] ?? '');
  const archive = pack();
  const writing = pipeline(archive, createGzip(), createWriteStream(outputs.system));
  for (const entry of layerEntries(folders, args.links, MOUNT_POINTS))
    await addEntry(archive, entry, new Date(epoch * 1000));
  if (args.payloadMiB > 0) await addPayload(archive, args.payloadMiB, new Date(epoch * 1000));
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

/** The key stream of AES in counter mode: always the same bytes, and gzip finds nothing in them. */
/** Bytes of each page that do not compress; the rest is text. Together they shrink as an installed system does. */
const PAGE = 4096;
const NOISE = 1500;

async function addPayload(archive: Pack, mebibytes: number, mtime: Date): Promise<void> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const header = { name: 'usr/share/payload', mode: 0o644, mtime, size: mebibytes * MIB, ...OWNER };
  await addFile(
    archive,
    header,
    (function* () {
      for (let written = 0; written < mebibytes; written++) yield mebibyte(cipher, written);
    })(),
  );
}

function mebibyte(noise: Cipheriv, number: number): Buffer {
  const bytes = Buffer.alloc(MIB, `filling of mebibyte ${number}\n`);
  for (let page = 0; page < MIB; page += PAGE) noise.update(Buffer.alloc(NOISE)).copy(bytes, page);
  return bytes;
}

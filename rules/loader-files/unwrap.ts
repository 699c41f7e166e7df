/** Unpacks what a loader was published in until there are folders and raw images of disks. */
import { fail, Failure, run, runToFile, sortByCodePoint } from 'dsmb/step';
import { mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formOfFile, type Form } from '../downloaded/form.ts';

/** A folder or a raw image, and what it was found as: `loader.zip: loader.img`. */
export interface Opened {
  readonly path: string;
  readonly isFolder: boolean;
  /** For people; empty for what was given. */
  readonly name: string;
}

/** `.img.gz` in a `.zip` in an `.ova` is the most that somebody can have meant. */
const MOST_LAYERS = 4;
/** Parts of a VMDK, which its descriptor names. */
const VMDK_PART = /-(flat|[sf]\d+|delta)\.vmdk$/i;

/** What is found, folders before what is packed in them; nobody has to ask for all. `scratch`: for what is unpacked. */
export function unwrap(from: string, scratch: string, log: (line: string) => void): AsyncGenerator<Opened> {
  return open(from, '', MOST_LAYERS);

  async function* open(path: string, name: string, layersLeft: number): AsyncGenerator<Opened> {
    const isFolder = statSync(path).isDirectory();
    const form = isFolder ? undefined : formOfFile(path);
    if (form === undefined) yield { path, isFolder, name };
    else if (layersLeft === 0) fail('LOADER_WRAPPED', `${name} is packed more than ${MOST_LAYERS} times`);
    else {
      log(`${name || 'the loader'} is ${form.name}`);
      const inside = await unpack(path, form, mkdtempSync(join(scratch, 'unpacked-')));
      yield* open(inside, name, layersLeft - 1);
    }
    for (const file of isFolder ? packedIn(path) : [])
      yield* open(join(path, file), name === '' ? file : `${name}: ${file}`, layersLeft);
  }
}

/** Files of a folder that may be images of disks, or have them inside. */
function packedIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return sortByCodePoint(paths).filter((path) => mayHoldDisk(path) && !VMDK_PART.test(path));
}

/** By its name: a folder of a loader has hundreds of archives that belong to its system. */
function mayHoldDisk(path: string): boolean {
  return /\.(img|raw|dd|vmdk|qcow2|vdi|vhdx?|ova|zip)(\.(gz|xz|zst|bz2|lz4))?$|\.img\.[a-z0-9]+$/i.test(basename(path));
}

async function unpack(path: string, form: Form, into: string): Promise<string> {
  const image = join(into, 'image');
  try {
    switch (form.type) {
      case 'encrypted':
        return fail('LOADER_WRAPPED', `this is ${form.name}`, {
          hint: 'give a loader here; a .pat is what is installed, and only those of DSM 6 can be',
        });
      case 'compressed':
        await runToFile('bsdcat', [path], image);
        return image;
      case 'archive': {
        const folder = join(into, 'files');
        mkdirSync(folder);
        await run('bsdtar', ['-x', '-f', path, '-C', folder, '--no-same-owner', '--no-same-permissions']);
        return folder;
      }
      case 'disk':
        await run('qemu-img', ['convert', '-f', form.format, '-O', 'raw', path, image]);
        return image;
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.diagnostic.code === 'LOADER_WRAPPED') throw error;
    return fail('LOADER_WRAPPED', `${basename(path)} is ${form.name}, and cannot be unpacked`, {
      detail: error.diagnostic.detail ?? error.diagnostic.message,
      hint:
        form.type === 'disk' && form.format === 'vmdk'
          ? 'a VMDK may lie in several files: give the folder that has all of them'
          : 'the file may be damaged: compare its checksum with the one it was published with',
    });
  }
}

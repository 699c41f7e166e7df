/** Looks for the loader's files: below a folder, or on the FAT file systems of a disk image. */
import { fileSource, hasGpt, openFat, parseGpt, parseMbr, SECTOR, sliceSource, type ByteSource } from 'dsmb/disk';
import { fail, Failure, sortByCodePoint } from 'dsmb/step';
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { wantedName, type FoundFile } from './choose.ts';

/** The wanted files anywhere below a folder. */
export function filesInFolder(folder: string): FoundFile[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return sortByCodePoint(files).flatMap((path) => {
    const name = wantedName(basename(path));
    const open = () => {
      const source = fileSource(path);
      return { source, close: () => source.close() };
    };
    const below = path.slice(folder.length + 1);
    return name === undefined ? [] : [{ name, path: below, folder: dirname(below), open }];
  });
}

/** The wanted files on all FAT file systems of a raw image. */
export function filesInImage(image: string): FoundFile[] {
  const disk = fileSource(image);
  const volumes = volumesOf(disk);
  const found = volumes.flatMap(({ name, source }) => filesInFat(name, source) ?? []);
  if (found.length === 0)
    fail('LOADER_INCOMPLETE', 'the disk image has no loader', {
      detail: `looked at: ${volumes.map(({ name }) => name).join(', ')}`,
      hint: 'unpack archives first: wanted is a folder, or a raw disk image with a FAT file system',
    });
  return found;
}

interface Volume {
  readonly name: string;
  readonly source: ByteSource;
}

/** The whole image, in case it has no table, and each partition. */
function volumesOf(disk: ByteSource): Volume[] {
  const partitions = hasGpt(disk) ? parseGpt(disk).partitions : mbrPartitions(disk);
  const inside = partitions.filter(({ start, sectors }) => (start + sectors) * SECTOR <= disk.size);
  return [
    { name: 'the whole image', source: disk },
    ...inside.map(({ number, start, sectors }) => ({
      name: `p${number}`,
      source: sliceSource(disk, start * SECTOR, sectors * SECTOR, `partition ${number}`),
    })),
  ];
}

function mbrPartitions(disk: ByteSource) {
  if (disk.size < SECTOR) return [];
  return orNothing(() => parseMbr(disk.read(0, SECTOR)).partitions) ?? [];
}

function filesInFat(volume: string, source: ByteSource): FoundFile[] | undefined {
  const fat = orNothing(() => openFat(source));
  if (!fat) return undefined;
  return [...fat.walk()].flatMap(({ path, directory }) => {
    const name = directory ? undefined : wantedName(basename(path));
    const open = () => ({ source: fat.file(path), close: () => undefined });
    return name === undefined
      ? []
      : [{ name, path: `${volume}:/${path}`, folder: `${volume}:/${dirname(path)}`, open }];
  });
}

/** What is no table or no FAT is passed over: there may be others. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

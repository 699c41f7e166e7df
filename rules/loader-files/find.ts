/** Looks for the loader's files: below a folder, or in the file systems of a disk image. */
import {
  fileSource,
  identifyFileSystem,
  openFileSystem,
  partitionSource,
  readPartitions,
  type ByteSource,
} from 'dsmb/disk';
import { Failure, sortByCodePoint } from 'dsmb/step';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { wantedName, type FoundFile } from './choose.ts';
import type { Opened } from './unwrap.ts';

/** Where files were looked for, and those of interest that were found. */
export interface Look {
  readonly files: readonly FoundFile[];
  /** For people: `p1 (fat16)`. */
  readonly places: readonly string[];
}

/** Looks at one folder, or at one image. */
export function lookInto({ path, isFolder, name }: Opened): Look {
  const of = (place: string): string => (name === '' ? place : `${name}: ${place}`);
  const { files, places } = isFolder ? lookIntoFolder(path) : lookIntoImage(path);
  return {
    files: files.map((file) => ({ ...file, path: of(file.path), folder: of(file.folder) })),
    places: places.map(of),
  };
}

function lookIntoFolder(folder: string): Look {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  // Links to files count as such; a pipe out of an archive would never end.
  const paths = entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  const files = sortByCodePoint(paths).flatMap((path) => {
    const name = wantedName(basename(path));
    const open = () => {
      const source = fileSource(path);
      return { source, close: () => source.close() };
    };
    const below = path.slice(folder.length + 1);
    return name === undefined ? [] : [{ name, path: below, folder: dirname(below), open }];
  });
  return { files, places: ['the folder'] };
}

function lookIntoImage(image: string): Look {
  const volumes = volumesOf(fileSource(image));
  return {
    files: volumes.flatMap(({ name, source }) => filesIn(name, source)),
    places: volumes.map(({ name, source }) => `${name} (${contentOf(source)})`),
  };
}

interface Volume {
  readonly name: string;
  readonly source: ByteSource;
}

/** The partitions that `dsmb disk info` shows, or the whole image where it has no table. */
function volumesOf(disk: ByteSource): Volume[] {
  const partitions = orNothing(() => readPartitions(disk))?.partitions ?? [];
  const volumes = partitions.flatMap((partition) => {
    const source = orNothing(() => partitionSource(disk, partition));
    return source ? [{ name: `p${partition.number}`, source }] : [];
  });
  return volumes.length > 0 ? volumes : [{ name: 'the whole image', source: disk }];
}

function contentOf(source: ByteSource): string {
  return orNothing(() => identifyFileSystem(source))?.type ?? 'no file system that is known';
}

/** What is damaged is passed over: the loader may lie beside it, and a damaged file of its own is found out by its content. */
function filesIn(volume: string, source: ByteSource): FoundFile[] {
  const files = orNothing(() => openFileSystem(source, volume));
  if (!files) return [];
  return [...files.walk('', () => {})].flatMap(({ path, type }) => {
    const name = type === 'file' ? wantedName(basename(path)) : undefined;
    const open = () => ({ source: files.file(path), close: () => undefined });
    return name === undefined
      ? []
      : [{ name, path: `${volume}:/${path}`, folder: `${volume}:/${dirname(path)}`, open }];
  });
}

/** What is no table or no file system is passed over: there may be others. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

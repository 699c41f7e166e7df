/** Which of the files found are the loader's: one folder that has all three. */
import type { ByteSource } from 'dsmb/disk';
import { fail, sortByCodePoint } from 'dsmb/step';

/** What a loader must have. */
export const LOADER_FILES = ['zImage', 'rd.gz', 'extra.lzma'] as const;
/** What it may have: model and version. */
export const LOADER_JSON = 'loader.json';

/** A file with one of the names above. */
export interface FoundFile {
  /** The name as the loader has it, whatever its case where it was found. */
  readonly name: string;
  /** Where it was found, for people: `p2:/boot/zImage`. */
  readonly path: string;
  /** Files with the same folder belong together. */
  readonly folder: string;
  readonly open: () => { readonly source: ByteSource; readonly close: () => void };
}

/** The folder's name in images that bring loaders for several models. */
const PREFERRED = /(^|\/)ds3615xs$/i;

/** The canonical name of a file that is wanted; undefined for any other. */
export function wantedName(name: string): string | undefined {
  return [...LOADER_FILES, LOADER_JSON].find((wanted) => wanted.toLowerCase() === name.toLowerCase());
}

/** The files of the one folder that is complete. */
export function chooseFolder(found: readonly FoundFile[]): readonly FoundFile[] {
  const folders = [...Map.groupBy(found, (file) => file.folder).entries()];
  const complete = folders.filter(([, files]) =>
    LOADER_FILES.every((name) => files.some((file) => file.name === name)),
  );
  const preferred = complete.filter(([folder]) => PREFERRED.test(folder));
  const [only, another] = preferred.length > 0 ? preferred : complete;
  if (!only) return incomplete(found);
  if (another)
    fail('LOADER_AMBIGUOUS', `there are ${complete.length} loaders`, {
      detail: sortByCodePoint(complete.map(([folder]) => folder)).join('\n'),
      hint: 'give the folder of the one that is meant',
    });
  return only[1];
}

function incomplete(found: readonly FoundFile[]): never {
  const missing = LOADER_FILES.filter((name) => !found.some((file) => file.name === name));
  const places = sortByCodePoint(found.map((file) => file.path));
  fail(
    'LOADER_INCOMPLETE',
    missing.length > 0 ? `the loader has no ${missing.join(', ')}` : 'the loader is scattered',
    {
      detail: places.length > 0 ? `found: ${places.join(', ')}` : 'found none of its files',
      hint: `a loader is ${LOADER_FILES.join(', ')} in one folder, or a disk image that has them on a FAT file system`,
    },
  );
}

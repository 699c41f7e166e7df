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

/** Loaders of another kind, by a file that only they have; see the constants of their sources. */
const OTHERS: Readonly<Record<string, string>> = {
  'bzImage-rr': 'RR',
  'bzImage-arpl': 'ARPL',
  'zImage-dsm': 'RR or ARPL',
};

/** The canonical name of a file that is of interest; undefined for any other. */
export function wantedName(name: string): string | undefined {
  const known = [...LOADER_FILES, LOADER_JSON, ...Object.keys(OTHERS)];
  return known.find((wanted) => wanted.toLowerCase() === name.toLowerCase());
}

/** Whether a folder has all of a loader. */
export function hasLoader(found: readonly FoundFile[]): boolean {
  return completeFolders(found).length > 0;
}

/** The files of the one folder that is complete. `places`: where files were looked for. */
export function chooseFolder(found: readonly FoundFile[], places: readonly string[]): readonly FoundFile[] {
  const complete = completeFolders(found);
  const preferred = complete.filter(([folder]) => PREFERRED.test(folder));
  const [only, another] = preferred.length > 0 ? preferred : complete;
  if (!only) return incomplete(found, places);
  if (another)
    fail('LOADER_AMBIGUOUS', `there are ${complete.length} loaders`, {
      detail: sortByCodePoint(complete.map(([folder]) => folder)).join('\n'),
      hint: 'give the folder of the one that is meant',
    });
  return only[1].filter(({ name }) => !(name in OTHERS));
}

function completeFolders(found: readonly FoundFile[]): [folder: string, files: FoundFile[]][] {
  const folders = [...Map.groupBy(found, (file) => file.folder)];
  return folders.filter(([, files]) => LOADER_FILES.every((name) => files.some((file) => file.name === name)));
}

const HINT = `a loader is ${LOADER_FILES.join(', ')} in one folder, or a disk image that has them on FAT or ext2, ext3, ext4`;

function incomplete(found: readonly FoundFile[], places: readonly string[]): never {
  const other = found.find(({ name }) => name in OTHERS);
  if (other)
    fail(
      'LOADER_INCOMPLETE',
      `this is a loader of ${OTHERS[other.name]}, which makes its kernel when it first starts`,
      {
        detail: `found: ${other.path}`,
        hint: `${HINT}: such as jun made`,
      },
    );
  const missing = LOADER_FILES.filter((name) => !found.some((file) => file.name === name));
  const paths = sortByCodePoint(found.map((file) => file.path));
  fail(
    'LOADER_INCOMPLETE',
    missing.length > 0 ? `the loader has no ${missing.join(', ')}` : 'the loader is scattered',
    { detail: paths.length > 0 ? `found: ${paths.join(', ')}` : `looked at: ${places.join(', ')}`, hint: HINT },
  );
}

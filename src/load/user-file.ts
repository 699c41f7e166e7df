/** The file or folder that a user gives for a file parameter. */
import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';
import { Looks } from '../../cache/ways.ts';
import { sourceFileRule, sourceFolderRule } from '../model/builtin.ts';
import { fail } from '../model/diagnostic.ts';
import { specialType } from '../model/file-type.ts';
import { shellWord } from '../model/shell-word.ts';
import type { FileParameter, Target } from '../model/target.ts';

interface GivenPath {
  readonly name: string;
  readonly text: string;
  readonly from: string;
  /** Relative paths are relative to this folder. */
  readonly folder: string;
}

/** A source target of the kind that the parameter stands for. What an action could not use is an error here. */
export function userFile(declared: FileParameter, given: GivenPath): Target {
  const path = resolve(given.folder, given.text);
  const who = `parameter ${given.name} (${given.from})`;
  const hint = `${given.name} takes ${TAKES[declared.shape]}: ${declared.parameter.doc}`;
  if (given.text === '') return fail('BAD_PARAMETER', `${who}: the path is empty`, { hint });
  const stats = look(path, who, hint);
  const problem = problemOf(declared, path, stats);
  if (problem) return fail('BAD_PARAMETER', `${who}: ${path} ${problem.what}`, { hint: problem.hint ?? hint });
  return {
    type: 'target',
    kind: { name: declared.kind.name, shape: stats.isDirectory() ? 'folder' : 'file' },
    rule: stats.isDirectory() ? sourceFolderRule : sourceFileRule,
    attributes: { path, written: given.text },
    validations: [],
    location: declared.location,
  };
}

const TAKES = { file: 'a file', folder: 'a folder', any: 'a file or a folder' } as const;

function look(path: string, who: string, hint: string): Stats {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats) return stats;
  } catch (error) {
    return fail('BAD_PARAMETER', `${who}: ${(error as Error).message}`, { hint });
  }
  const { places, end } = new Looks().way(path);
  const links = places.length > 1 ? `: the symlink ${places[0]} leads to ${end}, where nothing is` : '';
  return fail('NO_SUCH_FILE', `${who}: there is no ${path}${links}`, { hint });
}

function problemOf(
  { shape }: FileParameter,
  path: string,
  stats: Stats,
): { readonly what: string; readonly hint?: string } | undefined {
  const isFolder = stats.isDirectory();
  if (!isFolder && !stats.isFile()) return { what: `is ${specialType(stats)}, and must be ${TAKES[shape]}` };
  if (shape !== 'any' && isFolder !== (shape === 'folder'))
    return { what: `is ${isFolder ? 'a folder' : 'a file'}, and must be ${TAKES[shape]}` };
  if (!isFolder && stats.size === 0) return { what: 'is empty' };
  if (!isReadable(path, isFolder))
    return { what: 'cannot be read by this user', hint: `look at its owner and mode: ls -ld ${shellWord(path)}` };
  return undefined;
}

function isReadable(path: string, isFolder: boolean): boolean {
  try {
    accessSync(path, isFolder ? constants.R_OK | constants.X_OK : constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Settings of how builds are made; none of them changes what is built. A project commits `dsmb.settings.json` beside its
 * root build file; a user has `dsmb/settings.json` in the folder of configurations. An option wins over the user's file,
 * and that over the project's.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withoutMark } from '../model/byte-order-mark.ts';
import { fail } from '../model/diagnostic.ts';
import { nearest } from './nearest.ts';

const PROJECT_FILE = 'dsmb.settings.json';

/** Names that both files may have: those of the options. */
const SHARED = [
  ...['remote-cache', 'remote-cache-write', 'remote-executor', 'remote-jobs'],
  ...['remote-platform', 'remote-timeout'],
];
/** What only the user's file may have: it is nothing to commit. */
const OWN = ['remote-credentials'];

/** The settings of one file. */
export interface SettingsFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Those of the user, and those of a project, whose root folder is given. A file that is not there has none. */
export function readSettings(
  root: string,
  env: NodeJS.ProcessEnv = process.env,
): { user: SettingsFile; project: SettingsFile } {
  return { user: read(userSettings(env), [...SHARED, ...OWN]), project: read(join(root, PROJECT_FILE), SHARED) };
}

/** The files of settings for a project, there or not. */
export function settingsFiles(root: string, env: NodeJS.ProcessEnv = process.env): string[] {
  return [userSettings(env), join(root, PROJECT_FILE)];
}

/** The file of settings of the user. */
export function userSettings(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'dsmb', 'settings.json');
}

function read(path: string, known: readonly string[]): SettingsFile {
  const values = valuesOf(path);
  for (const name of Object.keys(values)) {
    if (known.includes(name)) continue;
    if (OWN.includes(name)) bad(path, `${name} is committed with the project; it belongs in the settings of each user`);
    const close = nearest(name, known);
    bad(path, `there is no setting '${name}'`, close ? `did you mean "${close}"?` : `there are ${known.join(', ')}`);
  }
  return { path, values };
}

function valuesOf(path: string): Readonly<Record<string, unknown>> {
  let text;
  try {
    text = withoutMark(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? {} : bad(path, message);
  }
  const values = parsed(path, text);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) bad(path, 'it is not a JSON object');
  return values as Readonly<Record<string, unknown>>;
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return bad(path, `it is not JSON: ${(error as Error).message}`);
  }
}

function bad(path: string, what: string, hint = 'docs/remote-cache.md has every setting'): never {
  return fail('BAD_SETTING', `${path}: ${what}`, { hint });
}

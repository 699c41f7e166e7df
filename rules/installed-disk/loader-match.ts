/** Is this .pat for this loader? The web assistant would find out after 57 % of the installation, or never. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from 'dsmb/step';
import type { PatInfo } from './pat.ts';

/** What a loader says of itself in its `loader.json`. */
export interface LoaderInfo {
  readonly model?: string;
  /** For example `6.1.7`, `6.1` or `6.1.7-15284`. */
  readonly version?: string;
}

/** Reads `loader.json` of a loader's folder; undefined where it has none. */
export async function readLoaderInfo(folder: string): Promise<LoaderInfo | undefined> {
  const text = await readFile(join(folder, 'loader.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const value = parse(text);
  const field = (name: string): Record<string, string> =>
    typeof value[name] === 'string' ? { [name]: value[name] } : {};
  return { ...field('model'), ...field('version') };
}

/** Fails with PAT_MODEL_MISMATCH where the .pat is for another model or another version than the loader. */
export function requireMatch(loader: LoaderInfo, pat: PatInfo): void {
  const sameModel = loader.model === undefined || loader.model.toLowerCase() === pat.model.toLowerCase();
  if (sameModel && sameVersion(loader.version, pat)) return;
  fail('PAT_MODEL_MISMATCH', `the .pat is for ${describePat(pat)}, the loader for ${describeLoader(loader)}`, {
    detail: 'The web assistant would upload it, work to about 57 %, and then call the file corrupted.',
    hint: `give a .pat for ${describeLoader(loader)} (--set pat=FILE), or the loader that belongs to this .pat (--set loader=…)`,
  });
}

/** A loader may name fewer parts of a version than the .pat does: what it names must agree. */
function sameVersion(version: string | undefined, pat: PatInfo): boolean {
  if (version === undefined) return true;
  const [numbers = '', build] = version.split('-');
  return `${pat.version}.`.startsWith(`${numbers}.`) && (build === undefined || build === pat.build);
}

function describePat({ model, version, build }: PatInfo): string {
  return `${model} ${version}-${build}`;
}

function describeLoader({ model = 'any model', version = 'any version' }: LoaderInfo): string {
  return `${model} ${version}`;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through to the message below.
  }
  return fail('LOADER_UNREADABLE', 'the loader.json of the loader is not a JSON object');
}

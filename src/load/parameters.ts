/** The values of parameters: `--set`, then `dsmb.params.json`, then defaults. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sourceFileRule, sourceFolderRule } from '../model/builtin.ts';
import { fail, Failure } from '../model/diagnostic.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import type { Loaded } from './load.ts';
import { nearest } from './nearest.ts';

export const PARAMETERS_FILE = 'dsmb.params.json';

/** The values that were set; what is not in here has its default. */
export type ParameterValues = ReadonlyMap<Parameter, unknown>;

/** A value as the user gave it, and where. */
interface Given {
  readonly name: string;
  readonly text: string;
  readonly from: string;
  /** Relative paths are relative to this folder. */
  readonly folder: string;
}

/** Reads and checks every value that was given. */
export function parameterValues(loaded: Loaded, settings: readonly string[], cwd: string): ParameterValues {
  const values = new Map<Parameter, unknown>();
  for (const given of [...fromFile(loaded.root), ...fromSettings(settings, cwd)]) {
    const declared = loaded.parameters.get(given.name) ?? unknownParameter(loaded, given);
    if (declared.type === 'target') values.set(declared.parameter, userFile(declared, given));
    else values.set(declared, parse(declared, given));
  }
  return values;
}

function fromSettings(settings: readonly string[], cwd: string): Given[] {
  return settings.map((setting) => {
    const equals = setting.indexOf('=');
    if (equals < 1)
      fail('BAD_SETTING', `--set takes name=value, not '${setting}'`, {
        hint: setting === '' || equals === 0 ? 'dsmb list shows the parameters' : `--set ${setting}=VALUE`,
      });
    return { name: setting.slice(0, equals), text: setting.slice(equals + 1), from: '--set', folder: cwd };
  });
}

function fromFile(root: string): Given[] {
  const path = join(root, PARAMETERS_FILE);
  if (!existsSync(path)) return [];
  return Object.entries(readObject(path)).map(([name, value]) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      fail('BAD_PARAMETERS_FILE', `${PARAMETERS_FILE}: the value of '${name}' is not a plain value`);
    return { name, text: String(value), from: PARAMETERS_FILE, folder: root };
  });
}

function readObject(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return fail('BAD_PARAMETERS_FILE', `${PARAMETERS_FILE} is not a JSON object`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    return fail('BAD_PARAMETERS_FILE', `${PARAMETERS_FILE}: ${(error as Error).message}`, {
      location: { file: path, line: 1, column: 1 },
    });
  }
}

function parse(parameter: Parameter, given: Given): unknown {
  try {
    return parameter.parse(given.text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint } = error.diagnostic;
    return fail(code, `parameter ${given.name} (${given.from}): ${message}`, {
      hint: hint ?? `${given.name} takes ${parameter.format}`,
      ...(parameter.location ? { location: parameter.location } : {}),
    });
  }
}

/** The user's own file or folder, as a source target of the kind that the parameter stands for. */
function userFile(declared: FileParameter, given: Given): Target {
  const path = resolve(given.folder, given.text);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    return fail('NO_SUCH_FILE', `parameter ${given.name} (${given.from}): there is no ${path}`, {
      hint: `${given.name}: ${declared.parameter.doc}`,
    });
  return {
    type: 'target',
    kind: { name: declared.kind.name, shape: stats.isDirectory() ? 'folder' : 'file' },
    rule: stats.isDirectory() ? sourceFolderRule : sourceFileRule,
    attributes: { path, written: given.text },
    validations: [],
    location: declared.location,
  };
}

function unknownParameter(loaded: Loaded, given: Given): never {
  const close = nearest(given.name, loaded.parameters.keys());
  return fail('UNKNOWN_PARAMETER', `there is no parameter '${given.name}' (${given.from})`, {
    hint: close ? `did you mean ${close}?` : `known: ${[...loaded.parameters.keys()].join(', ')}`,
  });
}

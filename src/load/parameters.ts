/** The values of parameters: `--set`, then `dsmb.params.json`, then defaults. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutMark } from '../model/byte-order-mark.ts';
import { fail, Failure } from '../model/diagnostic.ts';
import type { Parameter } from '../model/target.ts';
import type { Loaded } from './load.ts';
import { nearest } from './nearest.ts';
import { userFile } from './user-file.ts';

export const PARAMETERS_FILE = 'dsmb.params.json';

/** The values that were set; what is not in here has its default. */
export type ParameterValues = ReadonlyMap<Parameter, unknown>;

/** A value as the user gave it, and where. */
interface Given {
  readonly name: string;
  readonly value: unknown;
  readonly from: string;
  /** Relative paths are relative to this folder. */
  readonly folder: string;
  /** The file that has it, where one has. */
  readonly file?: JsonFile;
}

interface JsonFile {
  readonly path: string;
  readonly text: string;
}

/** Reads and checks every value that was given. */
export async function parameterValues(
  loaded: Loaded,
  settings: readonly string[],
  cwd: string,
): Promise<ParameterValues> {
  const values = new Map<Parameter, unknown>();
  for (const given of [...(await fromFile(loaded.root)), ...fromSettings(settings, cwd)])
    try {
      const declared = loaded.parameters.get(given.name) ?? unknownParameter(loaded, given);
      const text = plainText(given);
      if (declared.type === 'target') values.set(declared.parameter, userFile(declared, { ...given, text }));
      else values.set(declared, parse(declared, { ...given, text }));
    } catch (error) {
      throw await atItsPlace(error, given);
    }
  return values;
}

/** A mistake of a file is shown there. */
async function atItsPlace(error: unknown, { name, file }: Given): Promise<unknown> {
  if (!(error instanceof Failure) || !file) return error;
  const { entryPlace } = await import('./json-places.ts');
  const part = error.diagnostic.code === 'UNKNOWN_PARAMETER' ? 'name' : 'value';
  return new Failure({ ...error.diagnostic, location: entryPlace(file.path, file.text, name, part) });
}

function fromSettings(settings: readonly string[], cwd: string): Given[] {
  return settings.map((setting) => {
    const equals = setting.indexOf('=');
    if (equals < 1)
      fail('BAD_SETTING', `--set takes name=value, not '${setting}'`, {
        hint: setting === '' || equals === 0 ? 'dsmb list shows the parameters' : `--set ${setting}=VALUE`,
      });
    return { name: setting.slice(0, equals), value: setting.slice(equals + 1), from: '--set', folder: cwd };
  });
}

async function fromFile(root: string): Promise<Given[]> {
  const path = join(root, PARAMETERS_FILE);
  if (!existsSync(path)) return [];
  const file = { path, text: withoutMark(readFileSync(path, 'utf8')) };
  return Object.entries(await objectIn(file)).map(([name, value]) => ({
    ...{ name, value, from: PARAMETERS_FILE, folder: root, file },
  }));
}

async function objectIn({ path, text }: JsonFile): Promise<object> {
  const hint = 'write one object of plain values, for example: { "mac": "52:54:00:aa:bb:cc" }';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    const { syntaxMistake } = await import('./json-places.ts');
    const { what, location } = syntaxMistake(path, text);
    return fail('BAD_PARAMETERS_FILE', `${PARAMETERS_FILE} is not JSON: ${what}`, { location, hint });
  }
  const location = { file: path, line: 1, column: 1 };
  return fail('BAD_PARAMETERS_FILE', `${PARAMETERS_FILE} is not a JSON object`, { location, hint });
}

function plainText({ name, value, from }: Given): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return fail('BAD_PARAMETERS_FILE', `${from}: the value of '${name}' is not a string, a number, true or false`);
}

function parse(parameter: Parameter, given: Given & { readonly text: string }): unknown {
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

function unknownParameter(loaded: Loaded, given: Given): never {
  const close = nearest(given.name, loaded.parameters.keys());
  return fail('UNKNOWN_PARAMETER', `there is no parameter '${given.name}' (${given.from})`, {
    hint: close ? `did you mean ${close}?` : `known: ${[...loaded.parameters.keys()].join(', ')}`,
  });
}

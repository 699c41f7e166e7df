/** Values of parameters: where they come from, which wins, and what their texts mean. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { file, folder as sourceFolder } from '../model/builtin.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import { param } from '../model/parameter.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import type { Loaded } from './load.ts';
import { parameterValues, PARAMETERS_FILE } from './parameters.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-parameters-'));
const elsewhere = join(folder, 'elsewhere');
mkdirSync(elsewhere);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mac = param.macAddress({ default: '52:54:00:00:00:01', doc: '' });
const count = param.integer({ default: 3, doc: '' });
const fast = param.boolean({ default: false, doc: '' });
const name = param.string({ default: '', doc: '' });
const pat = param.file({ default: file('default.pat'), doc: '' });
const drivers = param.file({ default: sourceFolder('default'), doc: '' });
const loader = param.file({ default: sourceFolder('default'), doc: '', shape: 'any' });
const loaded = {
  root: folder,
  parameters: new Map<string, unknown>([
    ['mac', mac],
    ['guest:count', count],
    ['fast', fast],
    ['name', name],
    ['pat', pat],
    ['drivers', drivers],
    ['loader', loader],
  ]),
} as unknown as Loaded;

beforeEach(() => rmSync(join(folder, PARAMETERS_FILE), { force: true }));

const set = (...settings: string[]) => parameterValues(loaded, settings, elsewhere);
const setInFile = (values: object): void => writeFileSync(join(folder, PARAMETERS_FILE), JSON.stringify(values));

describe('a value', () => {
  it('that was not set is not there: the default holds', async () => expect((await set()).size).toBe(0));

  it.each([
    ['52:54:00:AA:bb:cc', '52:54:00:aa:bb:cc'],
    ['52-54-00-aa-bb-cc', '52:54:00:aa:bb:cc'],
    ['525400aabbcc', '52:54:00:aa:bb:cc'],
  ])('of an address may be written as %s', async (text, value) => {
    expect((await set(`mac=${text}`)).get(mac as Parameter)).toBe(value);
  });

  it('may hold an equals sign, and be empty', async () => {
    expect((await set('name=a=b')).get(name as Parameter)).toBe('a=b');
    expect((await set('name=')).get(name as Parameter)).toBe('');
  });

  it('of another package has that package in its name', async () => {
    expect((await set('guest:count=-12')).get(count as Parameter)).toBe(-12);
    await expect(set('count=1')).rejects.toThrow("there is no parameter 'count'");
  });

  it.each(['1.5', '1e3', '', ' 1', '0x10', '9'.repeat(20)])('%j is not a whole number', async (text) => {
    await expect(set(`guest:count=${text}`)).rejects.toThrow('not a whole number');
  });

  it('set twice is the last one, and the command line wins over the file', async () => {
    setInFile({ name: 'of the file', fast: true, 'guest:count': 7 });
    expect((await set('name=first', 'name=last')).get(name as Parameter)).toBe('last');
    expect((await set()).get(name as Parameter)).toBe('of the file');
    expect((await set()).get(fast as Parameter)).toBe(true);
    expect((await set()).get(count as Parameter)).toBe(7);
  });
});

async function problemOf(...settings: string[]): Promise<Diagnostic> {
  try {
    await set(...settings);
  } catch (error) {
    if (error instanceof Failure) return error.diagnostic;
    throw error;
  }
  throw new Error('it has no problem');
}

describe('a file of the user', () => {
  const target = (values: Awaited<ReturnType<typeof set>>, of: FileParameter = pat) =>
    values.get(of.parameter as Parameter) as Target;

  beforeAll(() => {
    writeFileSync(join(elsewhere, 'own.pat'), 'pat');
    writeFileSync(join(elsewhere, 'empty.pat'), '');
    mkdirSync(join(elsewhere, 'drivers'));
    symlinkSync('own.pat', join(elsewhere, 'latest.pat'));
    symlinkSync('gone.pat', join(elsewhere, 'dangling.pat'));
    execFileSync('mkfifo', [join(elsewhere, 'pipe')]);
  });

  it('is a source of the kind that it stands for; a relative path starts where the user is', async () => {
    const { kind, attributes, rule } = target(await set('pat=own.pat'));
    expect(kind).toEqual({ name: 'File', shape: 'file' });
    expect(attributes).toEqual({ path: join(elsewhere, 'own.pat'), written: 'own.pat' });
    expect(rule.name).toBe('file');
    expect(target(await set('pat=latest.pat')).attributes['path']).toBe(join(elsewhere, 'latest.pat'));
  });

  it('in the file of parameters starts at the project', async () => {
    writeFileSync(join(folder, 'own.pat'), 'pat');
    setInFile({ pat: 'own.pat' });
    expect(target(await set()).attributes['path']).toBe(join(folder, 'own.pat'));
  });

  it('may be a folder where the parameter takes one', async () => {
    expect(target(await set('drivers=drivers'), drivers)).toMatchObject({
      kind: { shape: 'folder' },
      rule: { name: 'folder' },
    });
    expect(target(await set('loader=drivers'), loader).kind.shape).toBe('folder');
    expect(target(await set('loader=own.pat'), loader).kind.shape).toBe('file');
  });

  it.each([
    ['pat=drivers', 'BAD_PARAMETER', 'is a folder, and must be a file'],
    ['drivers=own.pat', 'BAD_PARAMETER', 'is a file, and must be a folder'],
    ['drivers=latest.pat', 'BAD_PARAMETER', 'is a file, and must be a folder'],
    ['pat=empty.pat', 'BAD_PARAMETER', 'is empty'],
    ['loader=empty.pat', 'BAD_PARAMETER', 'is empty'],
    ['pat=pipe', 'BAD_PARAMETER', 'is a named pipe, and must be a file'],
    ['pat=gone.pat', 'NO_SUCH_FILE', ''],
    ['pat=own.pat/x', 'NO_SUCH_FILE', ''],
    ['pat=dangling.pat', 'NO_SUCH_FILE', ', where nothing is'],
  ])('%s is a mistake that names it: %s %s', async (setting, code, what) => {
    const [name = '', path = ''] = setting.split('=');
    const problem = await problemOf(setting);
    expect(problem).toMatchObject({ code, hint: expect.stringContaining(`${name} takes a f`) });
    expect(problem.message).toContain(`parameter ${name} (--set): `);
    expect(problem.message).toContain(join(elsewhere, path));
    expect(problem.message).toContain(what);
  });

  it('without a path is a mistake', async () => {
    expect(await problemOf('pat=')).toMatchObject({ code: 'BAD_PARAMETER', message: expect.stringContaining('empty') });
  });

  it.skipIf(process.getuid?.() === 0)(
    'that this user may not read is a mistake (skipped: root reads all)',
    async () => {
      for (const [name, setting] of [
        ['own.pat', 'pat=own.pat'],
        ['drivers', 'drivers=drivers'],
      ] as const) {
        chmodSync(join(elsewhere, name), 0);
        expect((await problemOf(setting)).message).toContain('cannot be read by this user');
        chmodSync(join(elsewhere, name), 0o755);
      }
    },
  );
});

describe('a mistake in the file of parameters is shown at its place:', () => {
  const at = (line: number, column: number) => ({ file: join(folder, PARAMETERS_FILE), line, column });

  it.each([
    ['a comma too many', '{\n  "name":\n    "b",\n}\n', 4, 1, 'remove the comma before it'],
    ['no comma', '{\n  "name": "b"\n  "fast": true\n}\n', 3, 3, 'expected a comma'],
    ['no quotes', '{ name: "b" }', 1, 3, 'in double quotes'],
    ['other quotes', "{\n  'name': 'b'\n}", 2, 3, ''],
    ['a comment', '{\n  // mine\n  "name": "b"\n}', 2, 3, 'JSON has no comments'],
    ['not ended', '{ "name": "b"\n\n', 1, 14, 'a closing } is missing'],
    ['nothing', '', 1, 1, ''],
    ['more after it', '{}\n{}', 2, 1, 'nothing may follow'],
  ])('%s', async (_, text, line, column, what) => {
    writeFileSync(join(folder, PARAMETERS_FILE), text);
    const { code, message, location } = await problemOf();
    expect(code).toBe('BAD_PARAMETERS_FILE');
    expect(message).toContain(what);
    expect(location).toEqual(at(line, column));
  });

  it.each([
    ['a name', '{\n  "name": "b",\n  "nome": "c"\n}', 3, 3, 'UNKNOWN_PARAMETER'],
    ['a value', '{\n  "name": "b",\n  "mac": "x"\n}', 3, 10, 'BAD_PARAMETER'],
    ['a file', '{\n  "pat":\n    "gone.pat"\n}', 3, 5, 'NO_SUCH_FILE'],
    ['a list', '{\n  "name": ["a"]\n}', 2, 11, 'BAD_PARAMETERS_FILE'],
    ['no object', '["a"]', 1, 1, 'BAD_PARAMETERS_FILE'],
  ])('%s', async (_, text, line, column, code) => {
    writeFileSync(join(folder, PARAMETERS_FILE), text);
    expect(await problemOf()).toMatchObject({ code, location: at(line, column) });
  });

  it('a byte order mark is none', async () => {
    writeFileSync(join(folder, PARAMETERS_FILE), '\ufeff{ "name": "b" }');
    expect((await set()).get(name as Parameter)).toBe('b');
    writeFileSync(join(folder, PARAMETERS_FILE), '\ufeff{ "nome": "b" }');
    expect((await problemOf()).location).toEqual(at(1, 3));
  });
});

/** Values of parameters: where they come from, which wins, and what their texts mean. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { file } from '../model/builtin.ts';
import { param } from '../model/parameter.ts';
import type { Parameter, Target } from '../model/target.ts';
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
const loaded = {
  root: folder,
  parameters: new Map<string, unknown>([
    ['mac', mac],
    ['guest:count', count],
    ['fast', fast],
    ['name', name],
    ['pat', pat],
  ]),
} as unknown as Loaded;

beforeEach(() => rmSync(join(folder, PARAMETERS_FILE), { force: true }));

const set = (...settings: string[]) => parameterValues(loaded, settings, elsewhere);
const setInFile = (values: object): void => writeFileSync(join(folder, PARAMETERS_FILE), JSON.stringify(values));

describe('a value', () => {
  it('that was not set is not there: the default holds', () => expect(set().size).toBe(0));

  it.each([
    ['52:54:00:AA:bb:cc', '52:54:00:aa:bb:cc'],
    ['52-54-00-aa-bb-cc', '52:54:00:aa:bb:cc'],
    ['525400aabbcc', '52:54:00:aa:bb:cc'],
  ])('of an address may be written as %s', (text, value) => {
    expect(set(`mac=${text}`).get(mac as Parameter)).toBe(value);
  });

  it('may hold an equals sign, and be empty', () => {
    expect(set('name=a=b').get(name as Parameter)).toBe('a=b');
    expect(set('name=').get(name as Parameter)).toBe('');
  });

  it('of another package has that package in its name', () => {
    expect(set('guest:count=-12').get(count as Parameter)).toBe(-12);
    expect(() => set('count=1')).toThrow("there is no parameter 'count'");
  });

  it.each(['1.5', '1e3', '', ' 1', '0x10', '9'.repeat(20)])('%j is no whole number', (text) => {
    expect(() => set(`guest:count=${text}`)).toThrow('not a whole number');
  });

  it('set twice is the last one, and the command line wins over the file', () => {
    setInFile({ name: 'of the file', fast: true, 'guest:count': 7 });
    expect(set('name=first', 'name=last').get(name as Parameter)).toBe('last');
    expect(set().get(name as Parameter)).toBe('of the file');
    expect(set().get(fast as Parameter)).toBe(true);
    expect(set().get(count as Parameter)).toBe(7);
  });
});

describe('a file of the user', () => {
  const target = (values: ReturnType<typeof set>) => values.get(pat.parameter as Parameter) as Target;

  it('is a source of the kind that it stands for; a relative path starts where the user is', () => {
    writeFileSync(join(elsewhere, 'own.pat'), '');
    const { kind, attributes, rule } = target(set('pat=own.pat'));
    expect(kind).toEqual({ name: 'File', shape: 'file' });
    expect(attributes).toEqual({ path: join(elsewhere, 'own.pat'), written: 'own.pat' });
    expect(rule.name).toBe('file');
  });

  it('in the file of parameters starts at the project', () => {
    writeFileSync(join(folder, 'own.pat'), '');
    setInFile({ pat: 'own.pat' });
    expect(target(set()).attributes['path']).toBe(join(folder, 'own.pat'));
  });

  it('may be a folder', () => {
    const { kind, rule } = target(set(`pat=${folder}`));
    expect(kind.shape).toBe('folder');
    expect(rule.name).toBe('folder');
  });
});

/** What does not compile: an artifact of the wrong kind, a parameter of the wrong type, a step with other inputs. */
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CHECKOUT } from '../rig/index.ts';

const FILE = join(CHECKOUT, 'test/e2e/fixture.dsm.ts');

const HEAD = `
import { file, folder, param, toolchain } from 'dsmb';
import * as dsm from 'dsmb/rules';
import { combine } from '../rig/fixture/rules.ts';
import { Loader, Pat } from '../../rules/kinds.ts';

export const pat = file('dsm.pat', Pat);
export const files = folder('loader', Loader);
export const address = param.macAddress({ default: '52:54:00:c9:18:27', doc: '' });
export const loader = dsm.loaderFiles({ from: files });
export const config = dsm.grubConfig({ mac: address });
export const boot = dsm.bootImage({ loader, config });
export const disk = dsm.installedDisk({ boot, pat, loader });
`;

const { compile, complete } = compiler();

describe('a build file compiles', () => {
  it('with the right kinds', () => {
    expect(compile('')).toEqual([]);
    expect(compile('export const conf = dsm.mdadmConf({ disk });')).toEqual([]);
    expect(compile("export const both = combine({ name: 'x', of: [pat, loader, disk, toolchain('tar')] });")).toEqual(
      [],
    );
  });
});

describe('a build file does not compile', () => {
  it.each([
    ['with a .pat where the loader belongs', 'dsm.bootImage({ loader: pat, config });', 2322],
    ['with a loader where the .pat belongs', 'dsm.installedDisk({ boot, pat: loader, loader });', 2322],
    ['with a file of no kind where the .pat belongs', "dsm.installedDisk({ boot, pat: file('x'), loader });", 2322],
    ['with a boot image where a disk belongs', 'dsm.mdadmConf({ disk: boot });', 2322],
    ['with the name of a target in its place', "dsm.mdadmConf({ disk: '//disk' });", 2322],
    ['with a text where a number belongs', "dsm.installedDisk({ boot, pat, loader, sizeGiB: '20' });", 2322],
    ['with a parameter of another type', 'dsm.installedDisk({ boot, pat, loader, sizeGiB: address });', 2322],
    ['without an attribute that is needed', 'dsm.installedDisk({ boot, loader });', 2345],
    ['with an attribute that there is not', 'dsm.mdadmConf({ disk, colour: disk });', 2353],
    ['with a default that is not a choice', "param.choice(['a', 'b'], { default: 'c', doc: '' });", 2322],
  ])('%s', (_what, line, code) => {
    expect(compile(line)).toEqual([code]);
  });
});

/** A rule with a step, for lines that go on from it. */
const RULE = (step: string) => `
import { attr, File, rule } from 'dsmb';
export const made = rule({
  name: 'made',
  makes: File,
  attributes: {
    /** The greeting. */
    text: attr.string,
    of: attr.optional(attr.list(attr.oneOf(Loader, Pat))),
  },
  implement: ({ text }, actions) => actions.step({ mnemonic: 'Made', ${step} }).out,
});
`;
const STEP = "module: () => import('../rig/fixture/combine.step.ts'), args: { name: '', text, lines: 1 }, inputs: {}";

describe('a rule', () => {
  it.each([
    ['with a step', STEP, 'outputs: { out: File }', '', []],
    ['whose step is not there', STEP.replace('combine', 'combined'), 'outputs: { out: File }', '', [2307]],
    ['whose step is not a step', STEP.replace('combine.step', 'rules'), 'outputs: { out: File }', '', [2322]],
    ['with a wrong argument', STEP.replace('lines: 1', "lines: '1'"), 'outputs: { out: File }', '', [2322]],
    ['without an argument', STEP.replace(', lines: 1', ''), 'outputs: { out: File }', '', [2741]],
    ['without an output', STEP, 'outputs: {}', '', [2322, 2741]],
    ['that makes another kind', STEP, 'outputs: { out: Pat }', '', [2322]],
    ['that is called as it wants', STEP, 'outputs: { out: File }', "made({ text: 'x', of: [pat, loader] })", []],
    ['that is given another kind', STEP, 'outputs: { out: File }', "made({ text: 'x', of: [disk] })", [2322]],
    ['that is given another type', STEP, 'outputs: { out: File }', 'made({ text: 1 })', [2322]],
    ['that is given too much', STEP, 'outputs: { out: File }', "made({ text: 'x', off: [] })", [2353]],
    ['that is given too little', STEP, 'outputs: { out: File }', 'made({})', [2345]],
  ])('%s', (_what, step, outputs, call, codes) => {
    expect(compile(`${RULE(`${step}, ${outputs}`)}${call}`)).toEqual(codes);
  });

  it('has its attributes completed in a call, with their comments', () => {
    expect(complete(`${RULE(`${STEP}, outputs: { out: File }`)}made({ | })`)).toEqual([
      ['text', 'The greeting.'],
      ['of', ''],
      ['validations', expect.any(String)],
    ]);
  });

  it('has what its step wants completed', () => {
    const names = (step: string) => complete(RULE(`${step}, outputs: { out: File }`)).map(([name]) => name);
    expect(names(STEP.replace("{ name: '', text, lines: 1 }", '{ | }'))).toEqual(['lines', 'name', 'text']);
    expect(names(STEP.replace('combine.step.ts', '|'))).toContain('combine.step.ts');
  });
});

/** One language service for all cases, so that the libraries are read once. */
function compiler() {
  const { config } = ts.readConfigFile(join(CHECKOUT, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [FILE] }, ts.sys, CHECKOUT);
  let text = '';
  let version = 0;
  const service = ts.createLanguageService({
    directoryExists: ts.sys.directoryExists,
    realpath: ts.sys.realpath!,
    fileExists: (path) => path === FILE || ts.sys.fileExists(path),
    readFile: (path) => (path === FILE ? text : ts.sys.readFile(path)),
    getScriptFileNames: () => [FILE],
    getScriptVersion: (path) => (path === FILE ? String(version) : '0'),
    readDirectory: ts.sys.readDirectory,
    getDirectories: ts.sys.getDirectories,
    getScriptSnapshot(path) {
      const content = path === FILE ? text : ts.sys.readFile(path);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => CHECKOUT,
    getCompilationSettings: () => ({ ...options, noUnusedLocals: false }),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  const open = (lines: string): void => {
    text = `${HEAD}${lines}\n`;
    version++;
  };
  return {
    /** Compiles `HEAD` and more lines as if they were a file of the checkout; gives the codes of the errors. */
    compile(lines: string): readonly number[] {
      open(lines);
      return [...service.getSyntacticDiagnostics(FILE), ...service.getSemanticDiagnostics(FILE)].map(
        ({ code }) => code,
      );
    },
    /** What an editor offers where `|` stands, with its comment. */
    complete(lines: string): readonly (readonly [name: string, comment: string])[] {
      const place = HEAD.length + lines.indexOf('|');
      open(lines.replace('|', ''));
      const { entries = [] } = service.getCompletionsAtPosition(FILE, place, {}) ?? {};
      return entries.map(({ name }) => {
        const details = service.getCompletionEntryDetails(FILE, place, name, {}, undefined, {}, undefined);
        return [name, ts.displayPartsToString(details?.documentation)];
      });
    },
  };
}

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

/** Compiles `HEAD` and one more line as if they were a file of the checkout; gives the codes of the errors. */
const compile = compiler();

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
    ['with a default that is no choice', "param.choice(['a', 'b'], { default: 'c', doc: '' });", 2322],
  ])('%s', (_what, line, code) => {
    expect(compile(line)).toEqual([code]);
  });
});

/** One language service for all cases, so that the libraries are read once. */
function compiler(): (line: string) => readonly number[] {
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
    getScriptSnapshot(path) {
      const content = path === FILE ? text : ts.sys.readFile(path);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => CHECKOUT,
    getCompilationSettings: () => ({ ...options, noUnusedLocals: false }),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  return (line) => {
    text = `${HEAD}${line}\n`;
    version++;
    return [...service.getSyntacticDiagnostics(FILE), ...service.getSemanticDiagnostics(FILE)].map(({ code }) => code);
  };
}

/** Modules and settings of a random project, and the words that they give: what a name resolves to is said anew here. */
import { posix } from 'node:path';
import { at, file, folder, type Content, type Folder } from './content.ts';

const word = (text: string): Content => file(`export const word = '${text}';\n`);
const json = (value: unknown): Content => file(`${JSON.stringify(value)}\n`);
/** What a module that exports the words of two takes from the package. */
const wordAndNoun = (text: string): Content =>
  file(`export const word = '${text}';\nexport { word as noun } from 'noun';\n`);
const leadsTo = (path: string): Content => json({ compilerOptions: { paths: { led: [path] } } });

/**
 * What can be at which path, there or not. Whatever is chosen, each name leads somewhere. Two modules may say the same
 * word, but not one of JSON and one of code: whether their bundles are the same is the bundler's to say.
 */
export const MODULES: Readonly<Record<string, readonly (Content | undefined)[]>> = {
  'lib/word.ts': [wordAndNoun('a'), wordAndNoun('b')],
  'lib/choice/index.js': [word('c'), word('d')],
  'lib/choice.json': [undefined, json({ word: 'e' }), json({ word: 'l' })],
  'lib/choice.js': [undefined, word('f'), word('c')],
  'lib/choice.ts': [undefined, word('g'), word('c')],
  'lib/node_modules/noun': [undefined, folder({ 'index.js': word('h') }), folder({ 'index.js': word('i') })],
  'node_modules/noun/package.json': [
    json({ type: 'module', main: 'a.js' }),
    json({ type: 'module', main: 'b.js' }),
    json({ type: 'module', main: 'a.js', exports: './b.js' }),
    json({ type: 'module', main: 'b.js', exports: { import: './a.js', default: './b.js' } }),
  ],
  'node_modules/noun/a.js': [word('i'), word('j')],
  'node_modules/noun/b.js': [word('i'), word('k')],
  'tsconfig.json': [json({ extends: './base.json' }), json({ extends: './other.json' }), leadsTo('./lib/word.ts')],
  'lib/tsconfig.json': [undefined, undefined, json({ extends: '../base.json' }), leadsTo('./choice/index.js')],
  'base.json': [leadsTo('./lib/word.ts'), leadsTo('./lib/choice/index.js'), json({ extends: './other.json' })],
  'other.json': [leadsTo('./node_modules/noun/a.js'), leadsTo('./node_modules/noun/b.js')],
};

/** What rules are told: they are loaded by Node. */
export function wordsOfRules(modules: Folder): string[] {
  const required = chosen(modules, ['lib/choice.js', 'lib/choice.json', 'lib/choice/index.js']);
  return [required, 'lib/word.ts', packageNear(modules, 'lib')].map((path) => wordIn(modules, path));
}

/** What the step is told: it is bundled. */
export function wordsOfStep(modules: Folder): string[] {
  return modulesOfStep(modules).map((path) => wordIn(modules, path));
}

/** What else shows in the bundle: modules that are one, or two with one text. */
export function shapeOfStep(modules: Folder): string {
  const paths = modulesOfStep(modules);
  return paths.map((path) => paths.indexOf(path)).join(', ');
}

function modulesOfStep(modules: Folder): string[] {
  const choice = chosen(modules, ['lib/choice.ts', 'lib/choice.js', 'lib/choice.json', 'lib/choice/index.js']);
  const settings = chosen(modules, ['lib/tsconfig.json', 'tsconfig.json']);
  return [choice, packageNear(modules, 'lib'), led(modules, settings)];
}

function chosen(modules: Folder, paths: readonly string[]): string {
  return paths.find((path) => at(modules, path))!;
}

function packageNear(modules: Folder, from: string): string {
  const path = chosen(modules, [`${from}/node_modules/noun`, 'node_modules/noun']);
  const manifest = at(modules, `${path}/package.json`);
  if (manifest?.type !== 'file') return `${path}/index.js`;
  const { main, exports } = JSON.parse(manifest.text) as { main: string; exports?: string | { import: string } };
  return posix.join(path, typeof exports === 'object' ? exports.import : (exports ?? main));
}

/** Paths count from the settings that they are in. */
function led(modules: Folder, settings: string): string {
  const { text } = at(modules, settings) as Content & { type: 'file' };
  const { extends: base, compilerOptions } = JSON.parse(text) as {
    extends?: string;
    compilerOptions?: { paths: { led: [string] } };
  };
  const beside = (path: string): string => posix.join(posix.dirname(settings), path);
  return base === undefined ? beside(compilerOptions!.paths.led[0]) : led(modules, beside(base));
}

function wordIn(modules: Folder, path: string): string {
  const { text } = at(modules, path) as Content & { type: 'file' };
  return /word\W+(\w+)/.exec(text)![1]!;
}

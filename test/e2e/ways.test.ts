/**
 * Nothing is stale behind a link, or where something comes to a place that was looked at in vain. Each case is built
 * until a build has nothing to do, so that every memory of it is there to be deceived.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Project, TestStore, type Files } from '../rig/index.ts';

let store: TestStore;
beforeAll(() => void (store = new TestStore()));
afterAll(() => store[Symbol.dispose]());

const RULES: Files = {
  'note.ts': `
    import { attr, File, rule } from 'dsmb';
    export const note = rule({
      name: 'note', makes: File, attributes: { text: attr.string },
      implement: ({ text }, actions) => actions.write({ name: 'note.txt', kind: File }, text),
    });
    export const stepped = rule({
      name: 'stepped', makes: File,
      implement: (_, actions) => actions.step({
        mnemonic: 'Stepped',
        module: () => import('./stepped.step.ts'),
        args: {}, inputs: {}, outputs: { note: { name: 'note.txt', kind: File } },
      }).note,
    });`,
};

const BY_RULE =
  "import { note } from './note.ts'; import { text } from './text.ts'; export const all = note({ text });";
const BY_STEP = "import { stepped } from './note.ts'; export const all = stepped({});";
const step = (from: string): string => `
  import { writeFileSync } from 'node:fs';
  import { step } from 'dsmb/step';
  import { text } from '${from}';
  export default step<{ readonly outputs: { readonly note: string } }>(({ outputs }) => writeFileSync(outputs.note, text));`;
const says = (text: string): string => `export const text = '${text}';\n`;
const pack = (more: object): string => `${JSON.stringify({ name: 'words', type: 'module', ...more })}\n`;
const paths = (file: string): string => `{ "compilerOptions": { "paths": { "@words": ["${file}"] } } }\n`;

interface Case {
  readonly files: Files;
  /** By path, where each leads. */
  readonly links?: Readonly<Record<string, string>>;
  readonly label?: string;
  /** Makes the text another one: 'one' becomes 'two'. */
  readonly change: (project: Project) => void;
}

const relink = (path: string, to: string) => (project: Project) => {
  rmSync(project.path(path));
  symlinkSync(to, project.path(path));
};
const write = (path: string, text: string) => (project: Project) => project.write(path, text);

const TWO_TEXTS: Files = { 'one.ts': says('one'), 'two.ts': says('two') };
const TWO_FOLDERS: Files = { 'one/text.ts': says('one'), 'two/text.ts': says('two') };

const CASES: Readonly<Record<string, Case>> = {
  'a module of a rule is a link that is pointed elsewhere': {
    files: { 'build.dsm.ts': BY_RULE, ...TWO_TEXTS },
    links: { 'text.ts': 'one.ts' },
    change: relink('text.ts', 'two.ts'),
  },
  'a link to a link is pointed elsewhere': {
    files: { 'build.dsm.ts': BY_RULE, ...TWO_TEXTS },
    links: { 'text.ts': 'middle.ts', 'middle.ts': 'one.ts' },
    change: relink('middle.ts', 'two.ts'),
  },
  'a folder on the way to a module is a link that is pointed elsewhere': {
    files: { 'build.dsm.ts': BY_RULE.replace('./text.ts', './words/text.ts'), ...TWO_FOLDERS },
    links: { words: 'one' },
    change: relink('words', 'two'),
  },
  'a module becomes a link': {
    files: { 'build.dsm.ts': BY_RULE, 'text.ts': says('one'), 'two.ts': says('two') },
    change: relink('text.ts', 'two.ts'),
  },
  'a build file is a link that is pointed elsewhere': {
    files: {
      'build.dsm.ts': 'export {};',
      'part/one.ts': "import { note } from '../note.ts'; export const all = note({ text: 'one' });",
      'part/two.ts': "import { note } from '../note.ts'; export const all = note({ text: 'two' });",
    },
    links: { 'part/build.dsm.ts': 'one.ts' },
    label: '//part:all',
    change: relink('part/build.dsm.ts', 'two.ts'),
  },
  'the parameters are a link that is pointed elsewhere': {
    files: {
      'build.dsm.ts': `import { param } from 'dsmb'; import { note } from './note.ts';
        export const word = param.string({ default: '-', doc: 'a word' }); export const all = note({ text: word });`,
      'one.json': '{ "word": "one" }',
      'two.json': '{ "word": "two" }',
    },
    links: { 'dsmb.params.json': 'one.json' },
    change: relink('dsmb.params.json', 'two.json'),
  },
  'a package that a rule asks for is linked elsewhere': {
    files: {
      'build.dsm.ts': BY_RULE.replace('./text.ts', 'words'),
      'one/package.json': pack({ main: 'text.js' }),
      'one/text.js': says('one'),
      'two/package.json': pack({ main: 'text.js' }),
      'two/text.js': says('two'),
    },
    links: { 'node_modules/words': '../one' },
    change: relink('node_modules/words', '../two'),
  },
  'a package comes nearer to a rule': {
    files: {
      'build.dsm.ts': 'export {};',
      'part/build.dsm.ts':
        "import { note } from '../note.ts'; import { text } from 'words'; export const all = note({ text });",
      'node_modules/words/package.json': pack({ main: 'text.js' }),
      'node_modules/words/text.js': says('one'),
    },
    label: '//part:all',
    change: (project) => {
      project.write('part/node_modules/words/package.json', pack({ main: 'text.js' }));
      project.write('part/node_modules/words/text.js', says('two'));
    },
  },
  'a package of a rule exports another file': {
    files: {
      'build.dsm.ts': BY_RULE.replace('./text.ts', 'words'),
      'node_modules/words/package.json': pack({ exports: './one.js' }),
      'node_modules/words/one.js': says('one'),
      'node_modules/words/two.js': says('two'),
    },
    change: write('node_modules/words/package.json', pack({ exports: './two.js' })),
  },
  'the main file of a package of a rule comes to be there': {
    files: {
      'build.dsm.ts': BY_RULE.replace('./text.ts', 'words'),
      'node_modules/words/package.json': pack({ main: 'text' }),
      'node_modules/words/text/index.js': says('one'),
    },
    change: write('node_modules/words/text.js', says('two')),
  },
  'a nearer file is found by a module that requires': {
    files: {
      'build.dsm.ts': BY_RULE.replace('./text.ts', './text.cjs')
        .replace('{ text }', 'words')
        .replace('({ text })', '({ text: words.text })'),
      'text.cjs': "module.exports = require('./found');",
      'found/index.js': "exports.text = 'one';",
      'found/package.json': '{}',
    },
    change: write('found.js', 'export {}; export const text = "two";'),
  },
  'a module of a step is a link that is pointed elsewhere': {
    files: { 'build.dsm.ts': BY_STEP, 'stepped.step.ts': step('./text.ts'), ...TWO_TEXTS },
    links: { 'text.ts': 'one.ts' },
    change: relink('text.ts', 'two.ts'),
  },
  'a step is a link that is pointed elsewhere': {
    files: { 'build.dsm.ts': BY_STEP, 'one.step.ts': step('./one.ts'), 'two.step.ts': step('./two.ts'), ...TWO_TEXTS },
    links: { 'stepped.step.ts': 'one.step.ts' },
    change: relink('stepped.step.ts', 'two.step.ts'),
  },
  'a file goes before the one that a step has found': {
    files: { 'build.dsm.ts': BY_STEP, 'stepped.step.ts': step('./text'), 'text.js': says('one') },
    change: write('text.ts', says('two')),
  },
  'a file goes before the folder that a step has found': {
    files: { 'build.dsm.ts': BY_STEP, 'stepped.step.ts': step('./text'), 'text/index.ts': says('one') },
    change: write('text.ts', says('two')),
  },
  'a script goes before the sources that a step has found': {
    files: { 'build.dsm.ts': BY_STEP, 'stepped.step.ts': step('./text.js'), 'text.ts': says('one') },
    change: write('text.js', says('two')),
  },
  'a package comes nearer to a step': {
    files: {
      'build.dsm.ts': 'export {};',
      'part/build.dsm.ts': BY_STEP,
      'part/note.ts': RULES['note.ts']!,
      'part/stepped.step.ts': step('words'),
      'node_modules/words/package.json': pack({ main: 'text.js' }),
      'node_modules/words/text.js': says('one'),
    },
    label: '//part:all',
    change: (project) => {
      project.write('part/node_modules/words/package.json', pack({ main: 'text.js' }));
      project.write('part/node_modules/words/text.js', says('two'));
    },
  },
  'a package of a step is linked elsewhere': {
    files: {
      'build.dsm.ts': BY_STEP,
      'stepped.step.ts': step('words'),
      'one/package.json': pack({ exports: './text.js' }),
      'one/text.js': says('one'),
      'two/package.json': pack({ exports: './text.js' }),
      'two/text.js': says('two'),
    },
    links: { 'node_modules/words': '../one' },
    change: relink('node_modules/words', '../two'),
  },
  'settings lead a step elsewhere': {
    files: {
      'build.dsm.ts': BY_STEP,
      'stepped.step.ts': step('@words'),
      ...TWO_TEXTS,
      'tsconfig.json': paths('./one.ts'),
    },
    change: write('tsconfig.json', paths('./two.ts')),
  },
  'settings that settings extend lead a step elsewhere': {
    files: {
      'build.dsm.ts': BY_STEP,
      'stepped.step.ts': step('@words'),
      ...TWO_TEXTS,
      'tsconfig.json': '{ "extends": "./settings/more.json" }',
      'settings/more.json': '{ "extends": "./most.json" }',
      'settings/most.json': paths('../one.ts'),
    },
    change: write('settings/most.json', paths('../two.ts')),
  },
  'settings are a link that is pointed elsewhere': {
    files: {
      'build.dsm.ts': BY_STEP,
      'stepped.step.ts': step('@words'),
      ...TWO_TEXTS,
      'one.json': paths('./one.ts'),
      'two.json': paths('./two.ts'),
    },
    links: { 'tsconfig.json': 'one.json' },
    change: relink('tsconfig.json', 'two.json'),
  },
  'the first of two places that settings name comes to be there': {
    files: {
      'build.dsm.ts': BY_STEP,
      'stepped.step.ts': step('@words'),
      'one.ts': says('one'),
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@words": ["./two.ts", "./one.ts"] } } }',
    },
    change: write('two.ts', says('two')),
  },
  'settings of another name come to be there': {
    files: {
      'build.dsm.ts': BY_STEP,
      'stepped.step.ts': step('words'),
      'node_modules/words/package.json': pack({ main: 'text.js' }),
      'node_modules/words/text.js': says('one'),
      'two.ts': says('two'),
    },
    change: write('jsconfig.json', '{ "compilerOptions": { "paths": { "words": ["./two.ts"] } } }'),
  },
  'a folder takes the place of another, with all its times': {
    files: {
      'build.dsm.ts': BY_RULE.replace('./text.ts', './words/text.ts'),
      'words/text.ts': says('one'),
      'two/text.ts': says('two'),
    },
    change: (project) => {
      renameSync(project.path('words'), project.path('old'));
      renameSync(project.path('two'), project.path('words'));
    },
  },
};

/** Longer than the step of any clock of a file system that tests run on. */
const SETTLE_MS = 120;

/** One by which a rule, one by which a step, and one by which the settings lead elsewhere; `settled` and the properties have more. */
const QUICK = [
  'a module of a rule is a link that is pointed elsewhere',
  'a file goes before the one that a step has found',
  'settings that settings extend lead a step elsewhere',
];
const OTHERS = Object.keys(CASES).filter((name) => !QUICK.includes(name));

it.each(QUICK)('is not stale when %s', isNotStale);
it.each(OTHERS)('is not stale when %s', { tags: 'long' }, isNotStale);

async function isNotStale(name: string): Promise<void> {
  const { files, links = {}, label = '//all', change } = CASES[name]!;
  using project = new Project(store, { ...RULES, ...files });
  mkdirSync(project.path('node_modules'), { recursive: true });
  for (const [path, to] of Object.entries(links)) symlinkSync(to, project.path(path));
  await setTimeout(SETTLE_MS);
  for (let build = 0; build < 3; build++)
    expect((await project.run(['build', label])).stderr).toMatch(/build succeeded/);
  expect(readFileSync(project.output(label, 'note.txt'), 'utf8')).toBe('one');
  change(project);
  await setTimeout(SETTLE_MS);
  expect((await project.run(['build', label])).stderr).toMatch(/build succeeded/);
  expect(readFileSync(project.output(label, 'note.txt'), 'utf8')).toBe('two');
}

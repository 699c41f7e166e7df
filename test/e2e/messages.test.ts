/** What users are told about their own mistakes: a code, the place, the nearest name, and never a stack trace. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { faultOf } from '../../src/model/codes.ts';
import { countingRules, Project, TestStore, type Finished } from '../rig/index.ts';

const EXIT = { ok: 0, buildFailed: 1, usage: 2 } as const;

const BUILD_FILE = `import { file, param } from 'dsmb';
import { combine, text } from './rules.ts';

export const address = param.macAddress({ default: '52:54:00:00:00:01', doc: 'an address' });
export const count = param.integer({ default: 3, doc: 'a number' });
export const color = param.choice(['red', 'green'], { default: 'red', doc: 'a colour' });
export const fast = param.boolean({ default: false, doc: 'a switch' });
export const image = param.file({ default: file('source.txt'), doc: 'a file' });

export const greeting = text({ content: address });
export const painted = text({ content: color });
export const copied = combine({ name: 'copied', of: [image], lines: count });
`;

/** A rule that throws, unless a module takes the place of the name that there is not. */
const BROKEN_RULE = `import { File, rule } from 'dsmb';
export const broken = rule({
  name: 'broken',
  makes: File,
  implement: (_, actions) => actions.step({ module: undefinedName, mnemonic: 'Broken', args: {},
    inputs: {}, outputs: { out: File } }).out,
});
`;

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = new Project(store, { ...countingRules(), 'build.dsm.ts': BUILD_FILE, 'source.txt': 'the source\n' });
  project.write('below/build.dsm.ts', '');
});
afterEach(() => project[Symbol.dispose]());

/** Of a step of these tests. */
const OWN_CODE = 'REFUSED';

/** What every message of a mistake keeps to. */
function expectMessage({ stderr, stdout, exitCode }: Finished, pattern: RegExp, exit: number = EXIT.usage): void {
  expect(stderr).toMatch(pattern);
  const [, code = ''] = /^error (\w+) /m.exec(stderr) ?? [];
  if (code !== OWN_CODE) expect(faultOf(code), `${code} is on the list of codes`).toBeDefined();
  expect(stderr).not.toMatch(/^\s+at .*[:)]\d*/m);
  expect(stderr).not.toContain('INTERNAL');
  expect(stdout).toBe('');
  expect(exitCode).toBe(exit);
}

describe('an unknown name', () => {
  it.each([
    [
      'target',
      ['build', '//greting'],
      /UNKNOWN_TARGET there is no target \/\/greting\n\s+hint: did you mean \/\/greeting\?/,
    ],
    [
      'target that is a parameter',
      ['build', '//count'],
      /UNKNOWN_TARGET .*it is a parameter[^]*hint: --set count=VALUE/,
    ],
    ['package', ['build', '//nowhere:greeting'], /NO_PACKAGE package \/\/nowhere has no build\.dsm\.ts/],
    ['package that is nearly one', ['build', '//belw:x'], /NO_PACKAGE [^]*hint: did you mean \/\/below\?/],
    ['target of dsmb test', ['test', '//greting'], /UNKNOWN_TARGET [^]*did you mean \/\/greeting\?/],
    ['target of dsmb run', ['run', '//greting'], /UNKNOWN_TARGET [^]*did you mean \/\/greeting\?/],
    ['subcommand', ['disk', 'inf'], /UNKNOWN_COMMAND .*'disk inf'\n\s+hint: did you mean dsmb disk info\?/],
    ['shell', ['completion', 'fisch'], /USAGE [^]*hint: dsmb completion fish/],
    [
      'parameter',
      ['build', '//greeting', '--set', 'adress=1'],
      /UNKNOWN_PARAMETER .*'adress'.*\n\s+hint: did you mean address\?/,
    ],
    ['command', ['biuld', '//greeting'], /UNKNOWN_COMMAND .*'biuld'\n\s+hint: did you mean dsmb build\?/],
    ['option', ['build', '//greeting', '--keep-goin'], /USAGE .*--keep-goin.*\n\s+hint: did you mean --keep-going\?/],
  ])('%s', async (_what, args, pattern) => {
    expectMessage(await project.run(args), pattern);
  });

  it('that is near to nothing suggests nothing', async () => {
    const { stderr } = await project.run(['build', '//xyzzy']);
    expect(stderr).not.toContain('did you mean');
    expect(stderr).toContain('hint: dsmb list');
  });
});

describe('a mistake on the command line', () => {
  it.each([
    ['no target', ['build'], /USAGE dsmb build needs at least one target/],
    ['what is not a label', ['build', '//a:b:c'], /BAD_LABEL '\/\/a:b:c' is not a label/],
    ['a path as a label', ['build', '//../x:y'], /BAD_LABEL/],
    [
      '--set without a value',
      ['build', '//greeting', '--set', 'address'],
      /BAD_SETTING --set takes name=value, not 'address'\n\s+hint: --set address=VALUE/,
    ],
    ['--set without an argument', ['build', '//greeting', '--set'], /USAGE/],
    [
      'a bad address',
      ['build', '//greeting', '--set', 'address=52:54:zz'],
      /BAD_PARAMETER parameter address \(--set\): '52:54:zz' is not a MAC/,
    ],
    [
      'a bad number',
      ['build', '//copied', '--set', 'count=few'],
      /BAD_PARAMETER parameter count \(--set\): 'few' is not a whole number/,
    ],
    ['a bad choice', ['build', '//painted', '--set', 'color=blue'], /BAD_PARAMETER .*'blue' is not one of red, green/],
    ['a bad switch', ['build', '//painted', '--set', 'fast=yes'], /BAD_PARAMETER .*'yes' is neither true nor false/],
    [
      'a missing file',
      ['build', '//copied', '--set', 'image=gone.img'],
      /NO_SUCH_FILE parameter image \(--set\): there is no .*gone\.img/,
    ],
  ])('%s', async (_what, args, pattern) => {
    expectMessage(await project.run(args), pattern);
  });

  it('a folder outside of any project', async () => {
    expectMessage(
      await project.run(['build', '//x', '--workspace', '/proc']),
      /NO_WORKSPACE there is no build\.dsm\.ts/,
    );
  });

  it.each([
    ['not JSON', '{ "address": ', /BAD_PARAMETERS_FILE dsmb\.params\.json/],
    ['not an object', '[]', /BAD_PARAMETERS_FILE .*not a JSON object/],
    ['not plain values', '{ "address": {} }', /BAD_PARAMETERS_FILE .*'address'/],
    ['an unknown name', '{ "adress": "x" }', /UNKNOWN_PARAMETER .*dsmb\.params\.json[^]*did you mean address\?/],
  ])('a dsmb.params.json that holds %s', async (_what, content, pattern) => {
    project.write('dsmb.params.json', content);
    expectMessage(await project.run(['build', '//greeting']), pattern);
  });
});

describe('a mistake in a build file', () => {
  it('of syntax shows the line', async () => {
    project.write('build.dsm.ts', `${BUILD_FILE}export const broken = text({ content: 'x' );\n`);
    expectMessage(await project.run(['build', '//greeting']), /build\.dsm\.ts:13:43\n\s+export const broken = text/);
  });

  it('of syntax in a file that it imports shows that line', async () => {
    project.write('values.ts', `export const one = 1;\nexport const two = = 2;\n`);
    project.write('build.dsm.ts', `import { one } from './values.ts';\n${BUILD_FILE}`);
    expectMessage(await project.run(['build', '//greeting']), /values\.ts:2:\d+\n\s+export const two = = 2;/);
  });

  it('that throws shows the line', async () => {
    project.write('build.dsm.ts', `${BUILD_FILE}export const broken = text(undefined.content);\n`);
    expectMessage(await project.run(['build', '//greeting']), /BUILD_FILE_FAILED [^]*build\.dsm\.ts:13:\d+\n/);
  });

  it('that a rule makes of it shows the line of the rule', async () => {
    project.write('broken.ts', BROKEN_RULE);
    project.write('build.dsm.ts', `import { broken } from './broken.ts';\nexport const bad = broken({});\n`);
    const pattern = /RULE_FAILED \/\/bad: rule broken threw: [^]*broken\.ts:5:\d+\n.*undefinedName/;
    expectMessage(await project.run(['build', '//bad']), pattern);
  });

  it('that a step makes of it shows the line of the step, or of the module that it imports', async () => {
    project.write(
      'below/throws.ts',
      '/** Gone\n * from the bundle. */\ninterface Thing { gone: 1 }\n\nexport const inner = (thing: Thing) =>\n  thing.gone;\n',
    );
    const call = { here: 'null!.gone', there: 'inner(undefined!)' };
    for (const [place, pattern] of [
      ['here', /throws\.step\.ts:5:16\n {6}return null!\.gone;\n/],
      ['there', /below\/throws\.ts:6:9\n {6}thing\.gone;\n/],
    ] as const) {
      project.write(
        'throws.step.ts',
        `import { step } from 'dsmb/step';\nimport { inner } from './below/throws.ts';\nvoid inner;\nexport default step(async () => {\n  return ${call[place]};\n});\n`,
      );
      project.write('broken.ts', BROKEN_RULE.replace('undefinedName', "() => import('./throws.step.ts')"));
      project.write('build.dsm.ts', `import { broken } from './broken.ts';\n\nexport const bad = broken({});\n`);
      const failed = await project.run(['build', '//bad']);
      expectMessage(
        failed,
        /STEP_FAILED \/\/bad .*the step threw: .*'gone'[^]*the step is .*throws\.step\.ts/,
        EXIT.buildFailed,
      );
      expect(failed.stderr).toMatch(pattern);
      expect(failed.stderr).toMatch(/^ {2}\/\/bad is at build\.dsm\.ts:3:20$/m);
    }
  });

  it('of an import shows its line, also in a file that it imports', async () => {
    project.write('build.dsm.ts', `${BUILD_FILE}import { nothing } from './nothing.ts';\n`);
    const line = /build\.dsm\.ts:13:25\n\s+import { nothing } from '\.\/nothing\.ts';\n/;
    expectMessage(await project.run(['build', '//greeting']), line);
    project.write('values.ts', `\nexport { nothing } from 'no-such-package';\n`);
    project.write('build.dsm.ts', `import { nothing } from './values.ts';\n${BUILD_FILE}`);
    expectMessage(await project.run(['build', '//greeting']), /values\.ts:2:25\n/);
  });

  it('of an import names the file', async () => {
    project.write('build.dsm.ts', `import { nothing } from './nothing.ts';\n${BUILD_FILE}`);
    expectMessage(await project.run(['build', '//greeting']), /BUILD_FILE_FAILED .*nothing\.ts/);
    project.write('build.dsm.ts', `import { nothing } from './rules.ts';\n${BUILD_FILE}`);
    expectMessage(await project.run(['build', '//greeting']), /BUILD_FILE_FAILED .*nothing/);
  });

  it('a source that is not there', async () => {
    project.edit('build.dsm.ts', "file('source.txt')", "file('sorce.txt')");
    const built = await project.run(['build', '//copied']);
    expectMessage(
      built,
      /NO_SUCH_FILE .*sorce\.txt.*\n {2}build\.dsm\.ts:\d+:\d+\n.*export const copied[^]*hint: did you mean source\.txt\?/,
      EXIT.buildFailed,
    );
  });

  it('a source that is not there, asked for by its own name', async () => {
    project.write('build.dsm.ts', `import { file } from 'dsmb';\nexport const gone = file('gone #1.txt');\n`);
    const built = await project.run(['build', '//gone']);
    expectMessage(
      built,
      /NO_SUCH_FILE \/\/gone: there is no file or folder gone #1\.txt \(.*gone #1\.txt\)\n {2}hint: dsmb check/,
      EXIT.buildFailed,
    );
  });

  it('a part that a folder does not have, with what it has', async () => {
    project.write('tree/there.txt', 'x');
    project.write(
      'build.dsm.ts',
      `import { folder } from 'dsmb';
       import { combine } from './rules.ts';
       export const part = combine({ name: 'part', of: [folder('tree')], at: 'gone.txt' });`,
    );
    expectMessage(
      await project.run(['build', '//part']),
      /NO_SUCH_PART .*gone\.txt in tree[^]*there\.txt/,
      EXIT.buildFailed,
    );
  });

  it('a part that a file would have to have', async () => {
    project.write(
      'build.dsm.ts',
      `import { folder } from 'dsmb';
       import { combine } from './rules.ts';
       export const part = combine({ name: 'part', of: [folder('source.txt')], at: 'gone.txt' });`,
    );
    expectMessage(
      await project.run(['build', '//part']),
      /NO_SUCH_PART .*gone\.txt in source\.txt[^]*source\.txt is a file, not a folder/,
      EXIT.buildFailed,
    );
  });

  it('targets that depend on each other', async () => {
    project.write(
      'build.dsm.ts',
      `import { combine } from './rules.ts';
       const loop: never[] = [];
       export const one = combine({ name: 'one', of: loop });
       export const two = combine({ name: 'two', of: [one] });
       (loop as unknown[]).push(two);`,
    );
    expectMessage(await project.run(['build', '//two']), /CYCLE .*\/\/two → \/\/one → \/\/two/);
  });

  it('a target of another kind is shown where it is given, and where it is declared', async () => {
    project.write(
      'build.dsm.ts',
      `import { File, folder, rule } from 'dsmb';
       const take = rule({ name: 'take', makes: File, attributes: { of: File }, implement: ({ of }) => of });
       export const files = folder('below');
       export const taken = take({ of: files as never });\n`,
    );
    expectMessage(
      await project.run(['build', '//taken']),
      /WRONG_KIND \/\/taken: `of` takes a File, but \/\/files is a Tree\n\s+build\.dsm\.ts:4:36\n[^]*\n\s+build\.dsm\.ts:3:29: \/\/files is declared here\n/,
    );
  });

  it('what a rule declares wrongly is shown there, and where the rule is called', async () => {
    project.write(
      'broken.ts',
      BROKEN_RULE.replace('actions.step({ module: undefinedName,', 'actions.run({ argv: ["cat", 1],').replace(
        'args: {},',
        '',
      ),
    );
    project.write('build.dsm.ts', `import { broken } from './broken.ts';\nexport const bad = broken({});\n`);
    expectMessage(
      await project.run(['build', '//bad']),
      /BAD_RULE \/\/bad: argv\[1\] is 1, not a string\n\s+broken\.ts:5:\d+\n[^]*\n\s+build\.dsm\.ts:2:20: the rule is called here\n/,
    );
  });

  it('a rule that refuses its attributes shows where it was called', async () => {
    project.write(
      'rules.ts',
      `${project.read('rules.ts')}
       import { fail } from 'dsmb';
       export const picky = rule({
         name: 'picky',
         makes: File,
         attributes: { size: attr.integer },
         implement: ({ size }) => fail('BAD_ATTRIBUTE', 'size: ' + size + ' is too small', { hint: 'give 3 or more' }),
       });`,
    );
    project.write('build.dsm.ts', `import { picky } from './rules.ts';\nexport const small = picky({ size: 2 });\n`);
    expectMessage(
      await project.run(['build', '//small']),
      /BAD_ATTRIBUTE \/\/small: size: 2 is too small\n\s+build\.dsm\.ts:2:\d+\n[^]*hint: give 3 or more/,
    );
  });

  it('a step that does not bundle shows the line', async () => {
    project.edit('combine.step.ts', "import { join } from 'node:path';", "import { join } from './nowhere.ts';");
    const built = await project.run(['build', '//copied']);
    expectMessage(built, /STEP_DOES_NOT_BUNDLE [^]*combine\.step\.ts:3:\d+/, EXIT.buildFailed);
  });

  it('a step that throws tells what it threw', async () => {
    project.edit(
      'combine.step.ts',
      "if (!memo) fail('NO_MEMO', 'a counting command needs a memo folder');",
      "fail('REFUSED', 'not today', { hint: 'try tomorrow' });",
    );
    const built = await project.run(['build', '//copied']);
    expectMessage(built, /REFUSED \/\/copied \(Combine\): not today\n[^]*hint: try tomorrow/, EXIT.buildFailed);
  });
});

describe('help and lists', () => {
  it.each([
    [[], /Commands\n\s+build /],
    [['--help'], /Commands\n\s+build /],
    [['help', 'build'], /^dsmb build: .*\n\nExamples\n/],
    [['build', '--help'], /Examples\n\s+dsmb build [^]*--keep-going/],
    [['--version'], /^dsmb \d+\.\d+\.\d+ \(node v26/],
    [['list'], /\/\/greeting \(File\)[^]*address=xx:xx:xx:xx:xx:xx\n\s+an address \(default: 52:54:00:00:00:01\)/],
    [['graph', '//copied'], /^flowchart LR\n[^]*--set count/],
  ])('dsmb %j', async (args, pattern) => {
    const { stdout, stderr, exitCode } = await project.run(args);
    expect(stdout).toMatch(pattern);
    expect(stderr).toBe('');
    expect(exitCode).toBe(EXIT.ok);
  });

  it('every command has its help, examples first', { tags: 'long' }, async () => {
    const { stdout: overview } = await project.run(['--help']);
    const names = [...overview.split('\nCommands\n')[1]!.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
    expect(names).toEqual(
      expect.arrayContaining(['build', 'test', 'run', 'init', 'check', 'set', 'completion', 'disk']),
    );
    expect(names).not.toContain('complete');
    for (const name of names) {
      const { stdout, stderr, exitCode } = await project.run([name, '--help']);
      expect(stdout).toMatch(
        new RegExp(
          `^dsmb ${name}: .+\\n\\nExamples\\n {2}.*dsmb ${name}[^]*\\nUsage: dsmb ${name}[^]*\\nOptions\\n[^]*--help`,
        ),
      );
      expect([stderr, exitCode]).toEqual(['', EXIT.ok]);
    }
  });

  it('works from a folder below the project, and with names without slashes', async () => {
    project.write('below/file', '');
    expect((await project.run(['build', 'greeting'], { cwd: 'below' })).exitCode).toBe(EXIT.ok);
    expect(project.read('dsmb-out/greeting/text.txt')).toBe('52:54:00:00:00:01');
  });
});

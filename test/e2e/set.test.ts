/** `dsmb set`: the build file after it, and what it refuses. */
import { chmodSync, statSync, symlinkSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore, type Finished } from '../rig/index.ts';

const EXIT = { ok: 0, usage: 2 } as const;

const BUILD_FILE = `// What is built.
import { file, param } from "dsmb";
import { choose } from "./choose.ts";
import { combine } from "./rules.ts";

export const address = param.macAddress({ default: '52:54:00:00:00:01', doc: 'an address' });
export const count = param.integer({ doc: 'a number', default: 3 }); // three
export const image = param.file({ default: file("source.txt"), doc: "a file" });

export const   greeting = combine({
    name: "greeting", // its name
    text: "hello",
    lines: count,
});
export const chosen = choose({ of: [{ color: "red" }] });
export const [left, right] = ["left", "right"].map((name) => combine({ name })) as [never, never];
`;

const CHOOSE = `import { attr, File, rule, type Needs } from 'dsmb';
export const choose = rule({
  name: 'choose',
  makes: File,
  attributes: {
    of: attr.list(attr.object({ color: attr.choice(['red', 'green']) })),
    on: attr.optional(attr.boolean),
    needs: attr.optional(attr.data<Needs>()),
  },
  implement: ({ of }, actions) => actions.write({ name: 'out', kind: File }, of.map(({ color }) => color).join()),
});
`;

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': BUILD_FILE,
    'source.txt': '',
    'choose.ts': CHOOSE,
    'below/build.dsm.ts': `import { param } from 'dsmb';\nexport const on = param.boolean({ default: false, doc: '' });\n`,
  });
});
afterEach(() => project[Symbol.dispose]());

function expectRefused({ stderr, exitCode }: Finished, pattern: RegExp): void {
  expect(stderr).toMatch(pattern);
  expect(exitCode).toBe(EXIT.usage);
  expect(project.read('build.dsm.ts')).toBe(BUILD_FILE);
}

describe('it changes', () => {
  it.each([
    ['an attribute', ['//greeting.text', 'good day'], 'text: "hello"', 'text: "good day"'],
    ['the default of a parameter', ['count', '12'], 'default: 3', 'default: 12'],
  ])('%s, and nothing else', changes);

  it.each([
    [
      'an attribute that is not there yet',
      ['//greeting.at', 'x.txt'],
      'lines: count,\n',
      'lines: count,\n    at: "x.txt",\n',
    ],
    ['a negative number', ['count', '-7'], 'default: 3', 'default: -7'],
    ['a parameter, as it is kept', ['address', '52-54-00-AA-BB-CC'], '52:54:00:00:00:01', '52:54:00:aa:bb:cc'],
  ])('%s, and nothing else', { tags: 'long' }, changes);

  async function changes(_what: string, args: readonly string[], from: string, to: string): Promise<void> {
    chmodSync(project.path('build.dsm.ts'), 0o640);
    const { stdout, exitCode } = await project.run(['set', ...args]);
    expect(exitCode).toBe(EXIT.ok);
    expect(stdout).toMatch(/^--- a\/build\.dsm\.ts\n\+\+\+ b\/build\.dsm\.ts\n@@ /);
    expect(project.read('build.dsm.ts')).toBe(BUILD_FILE.replace(from, to));
    expect(statSync(project.path('build.dsm.ts')).mode & 0o777).toBe(0o640);
  }

  it('a parameter of another package, and the next build sees it', { tags: 'long' }, async () => {
    expect((await project.run(['set', 'below:on', 'true'])).exitCode).toBe(EXIT.ok);
    expect(project.read('below/build.dsm.ts')).toContain('default: true');
    await project.build(['//greeting']);
    await project.run(['set', '//greeting.text', 'other']);
    expect((await project.build(['//greeting'])).executed).toEqual(['//greeting']);
    expect(project.read('dsmb-out/greeting/greeting.txt')).toBe('other');
  });

  it('nothing with --dry-run, and nothing where it is so already', async () => {
    const dry = await project.run(['set', 'count', '4', '--dry-run']);
    expect(dry.stdout).toContain("+export const count = param.integer({ doc: 'a number', default: 4 }); // three\n");
    const same = await project.run(['set', 'count', '3']);
    expect(same.stderr).toBe('count already has that value\n');
    expect([dry.exitCode, same.exitCode]).toEqual([EXIT.ok, EXIT.ok]);
    expect(project.read('build.dsm.ts')).toBe(BUILD_FILE);
  });
});

describe('it refuses', () => {
  it.each([
    [
      'an expression, and says where',
      ['//greeting.lines', '4'],
      /NOT_A_LITERAL .*count\n\s+build\.dsm\.ts:13:12\n[^]*hint: it is a parameter: dsmb set count VALUE/,
    ],
    [
      'a value that is none of those that are taken',
      ['//chosen.of[0].color', 'rad'],
      /BAD_VALUE .* takes "red" \| "green"\n\s+build\.dsm\.ts:15:46\n[^]*hint: did you mean red\?/,
    ],
    ['an unknown parameter', ['cuont', '1'], /UNKNOWN_PARAMETER [^]*did you mean count\?/],
    ['a default that is a target', ['image', 'x'], /NOT_A_LITERAL [^]*--set image=PATH/],
    ['too few words', ['count'], /USAGE dsmb set needs a name and a value/],
  ])('%s', refuses);

  it.each([
    [
      'a value of another type, and says which is taken',
      ['//greeting.of', 'x'],
      /BAD_VALUE 'x' does not fit \/\/greeting\.of, which takes Target<string>\[\]\n\s+build\.dsm\.ts:10:27\n/,
    ],
    [
      'a switch of another type',
      ['//chosen.on', 'perhaps'],
      /BAD_VALUE 'perhaps' does not fit \/\/chosen\.on, which takes boolean\n\s+build\.dsm\.ts:15:23\n/,
    ],
    [
      'an attribute that there is not, and says where the target is',
      ['//greeting.txt', 'x'],
      /UNKNOWN_ATTRIBUTE \/\/greeting\.txt: there is no attribute 'txt'\n\s+build\.dsm\.ts:10:27\n[^]*hint: did you mean text\?/,
    ],
    [
      'an attribute inside of another that there is not',
      ['//chosen.of[0].colour', 'red'],
      /UNKNOWN_ATTRIBUTE .*'colour'\n\s+build\.dsm\.ts:15:23\n[^]*hint: did you mean color\?/,
    ],
    ['an element more of an attribute that there is not', ['//chosen.off', '+=', 'x'], /UNKNOWN_ATTRIBUTE .*'off'\n/],
    [
      'a part of an attribute that is not given',
      ['//chosen.needs.cpus', '2'],
      /NO_SUCH_VALUE there is no 'needs' here[^]*hint: 'needs' can be set as a whole, in JSON/,
    ],
    ['an unknown target', ['//greting.text', 'x'], /UNKNOWN_TARGET [^]*did you mean \/\/greeting\?/],
    [
      'a target without an attribute',
      ['//greeting', 'x'],
      /USAGE \/\/greeting: which attribute\?[^]*name, text, lines/,
    ],
    ['a value that the parameter does not take', ['address', '52:54:zz'], /BAD_PARAMETER '52:54:zz' is not a MAC/],
    ['a target of a package with a dot that there is not', ['//be.low:x.text', '1'], /NO_PACKAGE .*\/\/be\.low has no/],
    ['one of several targets of one call', ['//left.name', 'x'], /SHARED_CALL one call makes \/\/left, \/\/right/],
    ['an unknown operator', ['count', '*=', '2'], /USAGE '\*=' is not one of =, \+= and -=/],
  ])('%s', { tags: 'long' }, refuses);

  async function refuses(_what: string, args: readonly string[], pattern: RegExp): Promise<void> {
    expectRefused(await project.run(['set', ...args]), pattern);
  }

  it('to write outside of the project', async () => {
    using other = new Project(store, { 'build.dsm.ts': BUILD_FILE, 'choose.ts': CHOOSE, ...countingRules() });
    project.write('linked/x', '');
    symlinkSync(other.path('build.dsm.ts'), project.path('linked/build.dsm.ts'));
    const { stderr, exitCode } = await project.run(['set', 'linked:count', '9']);
    expect(stderr).toMatch(/OUTSIDE_WORKSPACE|UNKNOWN_PARAMETER/);
    expect(exitCode).toBe(EXIT.usage);
    expect(other.read('build.dsm.ts')).toBe(BUILD_FILE);
  });
});

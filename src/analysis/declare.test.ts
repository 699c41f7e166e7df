/** What a rule declares is looked at as it is declared. Where it is shown is a test of the command line. */
import { describe, expect, it } from 'vitest';
import { attr } from '../model/attribute.ts';
import { folder, toolchain } from '../model/builtin.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import { File, Tree } from '../model/kinds.ts';
import { label } from '../model/label.ts';
import { rule, type Actions, type Artifact } from '../model/rule.ts';
import { stepModule } from '../model/step-module.ts';
import type { Step } from '../step/index.ts';
import { Analysis } from './analyse.ts';

const source = folder('x');
const tools = toolchain('tar');

/** As a rule in JavaScript would: nothing that it declares has a type. */
type Untyped = Record<
  'run' | 'step' | 'write' | 'compose' | 'checksums' | 'toolchain' | 'own' | 'runnable',
  (...of: unknown[]) => never
>;

/** What is said of a rule that declares this. */
function said(declare: (actions: Untyped, of: Artifact) => unknown): Diagnostic | undefined {
  const made = rule({
    name: 'made',
    makes: File,
    attributes: { of: attr.target },
    implement: ({ of }, actions) => declare(actions as unknown as Untyped, of) as never,
  });
  const top = made({ of: source });
  try {
    new Analysis(new Map([[top, label('', 'top')]]), new Map()).target(top);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return (error as Failure).diagnostic;
  }
}

const outputs = { out: File };
const run = { mnemonic: 'Run', argv: ['tar'], outputs };
const step = {
  mnemonic: 'Step',
  module: stepModule<Step<{ args: unknown; inputs: never; outputs: 'out' }>>(new URL('file:///x.step.ts')),
  args: {},
  inputs: {},
  outputs,
};
const looped: unknown[] = [];
looped.push(looped);

describe('a rule that declares', () => {
  it.each<[what: string, message: RegExp, declare: (actions: Untyped, of: Artifact) => unknown]>([
    ['no program', /`argv` is not a list with a program/, ({ run: go }) => go({ ...run, argv: [] })],
    ['a command line', /`argv` is not a list/, ({ run: go }) => go({ ...run, argv: 'tar --create' })],
    ['a number as an argument', /argv\[1\] is 9, not a string/, ({ run: go }) => go({ ...run, argv: ['xz', 9] })],
    ['an artifact as an argument', /argv\[1\] is an artifact/, ({ run: go }, of) => go({ ...run, argv: ['ls', of] })],
    ['a zero byte', /argv\[0\] has a zero byte/, ({ run: go }) => go({ ...run, argv: ['a\0b'] })],
    ['a variable that is not text', /env\.LEVEL is 9/, ({ run: go }) => go({ ...run, env: { LEVEL: 9 } })],
    ['a variable of no name', /"A=B" cannot be the name/, ({ run: go }) => go({ ...run, env: { 'A=B': '' } })],
    ['an input that is none', /input 'of' is not an artifact/, ({ run: go }) => go({ ...run, inputs: { of: '/x' } })],
    [
      'an input of a bad name',
      /"\.\.\/of", which is not a path/,
      ({ run: go }, of) => go({ ...run, inputs: { '../of': of } }),
    ],
    [
      'an input whose name is a path',
      /the name of an input is "a\/b", which is a path/,
      ({ run: go }, of) => go({ ...run, inputs: { 'a/b': of } }),
    ],
    [
      'half of a character',
      /argv\[1\] has half of a character/,
      ({ run: go }) => go({ ...run, argv: ['a', '\ud800'] }),
    ],
    ['what an action has not', /Run has no 'timeoutMS'/, ({ run: go }) => go({ ...run, timeoutMS: 5 })],
    ['what a step has not', /Step has no 'argv'/, ({ step: go }) => go({ ...step, argv: [] })],
    ['a need that there is not', /`needs` has no 'gpu'/, ({ run: go }) => go({ ...run, needs: { gpu: true } })],
    ['a need of a bad type', /needs\.vm is yes/, ({ run: go }) => go({ ...run, needs: { vm: 'yes' } })],
    ['needs that are none', /`needs` is 5, not an object/, ({ run: go }) => go({ ...run, needs: 5 })],
    ['a mnemonic of two lines', /has a control character/, ({ run: go }) => go({ ...run, mnemonic: 'a\nb' })],
    ['a list of inputs', /inputs are not an object/, ({ run: go }, of) => go({ ...run, inputs: [of] })],
    [
      'an output of a bad name',
      /"\/out\/x", which is not a path/,
      ({ run: go }) => go({ ...run, outputs: { out: { name: '/out/x', kind: File } } }),
    ],
    [
      'an output of no kind',
      /output 'out' has no kind/,
      ({ run: go }) => go({ ...run, outputs: { out: { name: 'x' } } }),
    ],
    [
      'one output twice',
      /two outputs are written to x/,
      ({ run: go }) => go({ ...run, outputs: { x: Tree, y: { name: 'x/y', kind: File } } }),
    ],
    [
      'a toolchain that is none',
      /something that is not a toolchain/,
      ({ run: go }, of) => go({ ...run, toolchains: [of] }),
    ],
    ['no mnemonic', /has no mnemonic/, ({ run: go }) => go({ ...run, mnemonic: undefined })],
    [
      'a need that is not a number',
      /needs\.memoryMiB is NaN/,
      ({ run: go }) => go({ ...run, needs: { memoryMiB: NaN } }),
    ],
    ['a time that is none', /timeoutMs of Run is 0\.5/, ({ run: go }) => go({ ...run, timeoutMs: 0.5 })],
    [
      'an artifact as an argument of a step',
      /args\.of is an artifact/,
      ({ step: go }, of) => go({ ...step, args: { of } }),
    ],
    ['what is not data', /args\.at is a Date/, ({ step: go }) => go({ ...step, args: { at: new Date(0) } })],
    ['a number that JSON has not', /args\[0\] is Infinity/, ({ step: go }) => go({ ...step, args: [Infinity] })],
    ['data that contain themselves', /contains itself/, ({ step: go }) => go({ ...step, args: { looped } })],
    [
      'a hint for no input',
      /names 'disk', which is not an input/,
      ({ step: go }) => go({ ...step, hints: { assembled: ['disk'] } }),
    ],
    [
      'a step that is not there',
      /there is no file \.\/gone\.step\.ts/,
      ({ step: go }) => go({ ...step, module: () => import('./gone.step.ts' as string) }),
    ],
    [
      'a step that is not a module',
      /module of Step does not name a step/,
      ({ step: go }) => go({ ...step, module: './x.step.ts' }),
    ],
    ['a text in place of an output', /neither a kind nor \{ name, kind \}/, ({ write: go }) => go('x', 'text')],
    [
      'a content that is not text',
      /the content of x is 1, not a string/,
      ({ write: go }) => go({ name: 'x', kind: File }, 1),
    ],
    ['a folder of no kind', /has no kind/, ({ compose: go }, of) => go('Tree', { of })],
    ['a folder of what is not an artifact', /entry 'x' is not an artifact/, ({ compose: go }) => go(Tree, { x: 'x' })],
    ['a toolchain of a name', /takes a target/, ({ toolchain: go }) => go('tar')],
    ['a path as a target of its own', /actions\.own takes a target/, ({ own: go }) => go('source')],
    ...['/etc', '../x', '', 'a//b', '.'].map((home): [string, RegExp, (actions: Untyped) => never] => [
      `'${home}' as a folder to borrow`,
      /is not a path of a folder below the home folder/,
      ({ runnable: go }) => go({ ...step, borrows: { of: { home } } }),
    ]),
    [
      'a borrowed socket of no variable',
      /'\/run\/x' is not the name of an environment variable/,
      ({ runnable: go }) => go({ ...step, borrows: { of: { socketOf: '/run/x' } } }),
    ],
    [
      'a borrowed folder of a bad name',
      /'\.\.' is not the name of lower-case letters/,
      ({ runnable: go }) => go({ ...step, borrows: { '..': { home: 'x' } } }),
    ],
    ['nothing', /returned no artifact/, () => undefined],
    ['another kind than it makes', /makes a File, but returned a Tree/, (_, of) => of],
  ])('%s is told so', (_what, message, declare) => {
    const diagnostic = said(declare);
    expect(diagnostic?.code).toBe('BAD_RULE');
    expect(diagnostic?.message).toMatch(message);
  });

  it('what an action can be is said nothing', () => {
    const typed = (declare: (actions: Actions, of: Artifact) => unknown): Diagnostic | undefined =>
      said(declare as never);
    const args = { list: [1, 'x', null, true, { deep: undefined }] };
    expect(typed((actions, of) => actions.step({ ...step, args, inputs: { of } }).out)).toBeUndefined();
    expect(
      typed((actions) => actions.run({ ...run, toolchains: [actions.toolchain(tools)], env: { A: '' } }).out),
    ).toBeUndefined();
    expect(typed((actions) => actions.write({ name: 'deep/x', kind: File }, ''))).toBeUndefined();
    expect(typed((actions, of) => actions.compose(File, { 'a/b': of, 0: of.at('c', File) }))).toBeUndefined();
  });
});

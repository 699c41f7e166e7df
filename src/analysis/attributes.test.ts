/** What a build file gives a rule is looked at before the rule is called. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attr, type Taken } from '../model/attribute.ts';
import { file, folder } from '../model/builtin.ts';
import { Failure, type Diagnostic } from '../model/diagnostic.ts';
import { kind } from '../model/kind.ts';
import { File, Tree } from '../model/kinds.ts';
import { label, type Label } from '../model/label.ts';
import { param } from '../model/parameter.ts';
import { rule } from '../model/rule.ts';
import type { Parameter, Target } from '../model/target.ts';
import { Analysis } from './analyse.ts';
import { misfitOf } from './taken.ts';

const Image = kind('Image', 'file');
const image = file('x.img', Image);
const tree = folder('x');

/** What the analysis of a target says whose rule takes these attributes; undefined where it has nothing to say. */
function said(attributes: Readonly<Record<string, Taken>>, given: object, values = new Map<Parameter, unknown>()) {
  const made = rule({
    name: 'made',
    makes: File,
    attributes,
    implement: (_, actions) => actions.write({ name: 'out', kind: File }, ''),
  });
  const top = made(given as never);
  const labels = new Map<Target, Label>([
    [top, label('', 'top')],
    [image, label('', 'image')],
    [tree, label('', 'tree')],
  ]);
  try {
    new Analysis(labels, values).target(top);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return (error as Failure).diagnostic;
  }
}

/** A type with a value that it takes and one that it does not. */
const plain = fc.constantFrom<readonly [Taken, unknown, unknown]>(
  [attr.string, 'text', 1],
  [attr.number, 1.5, '1.5'],
  [attr.integer, 2, 2.5],
  [attr.boolean, false, 'false'],
  [attr.choice(['a', 'b']), 'b', 'c'],
  [attr.target, tree, 'tree'],
  [Tree, tree, image],
  [Image, image, tree],
  [attr.oneOf(Image, Tree), tree, file('x')],
);

const nested = fc.letrec<{ type: readonly [Taken, unknown, unknown] }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    plain,
    tie('type').map(([type, right, wrong]) => [attr.list(type), [right, right], [right, wrong]] as const),
    tie('type').map(([type, right, wrong]) => [attr.record(type), { x: right }, { x: right, y: wrong }] as const),
    tie('type').map(([type, right, wrong]) => [attr.object({ m: type }), { m: right }, { m: wrong }] as const),
    tie('type').map(([type, right, wrong]) => [attr.optional(type), right, wrong] as const),
    tie('type').map(
      ([type, right, wrong]) =>
        [
          type,
          param.string({ default: right as string, doc: '' }),
          param.string({ default: wrong as string, doc: '' }),
        ] as const,
    ),
  ),
})).type;

describe('a value', () => {
  it('fits a type or does not, however deep it stands', () => {
    const valueOf = (parameter: Parameter): unknown => parameter.default;
    fc.assert(
      fc.property(nested, ([type, right, wrong]) => {
        expect(misfitOf(type, right, 'x', valueOf)).toBeUndefined();
        expect(misfitOf(type, wrong, 'x', valueOf)).toBeDefined();
      }),
    );
  });
});

describe('an attribute', () => {
  it('that is a target of another kind is an error with both places', () => {
    const diagnostic = said({ boot: Image, files: Tree }, { boot: image, files: image });
    expect(diagnostic).toMatchObject({
      code: 'WRONG_KIND',
      message: '//top: `files` takes a Tree, but //image is an Image',
      attribute: 'files',
      location: { file: import.meta.filename },
      related: { message: '//image is declared here', location: image.location },
    });
  });

  it('that has what another one takes, and the other way round, was swapped', () => {
    expect(said({ boot: Image, files: Tree }, { boot: tree, files: image })?.hint).toBe('swap `boot` and `files`');
  });

  it('has the kind of a parameter of its own, whatever stands behind it', () => {
    const own = param.file({ default: tree, doc: '' });
    expect(said({ files: Tree }, { files: own })).toBeUndefined();
    expect(said({ files: Image }, { files: own })?.code).toBe('WRONG_KIND');
  });

  it('is of one kind with one of the same name and shape, and of no other', () => {
    expect(said({ boot: kind('Image', 'file') }, { boot: image })).toBeUndefined();
    expect(said({ boot: kind('Image', 'folder') }, { boot: image })?.code).toBe('WRONG_KIND');
  });

  it.each<[what: string, taken: Taken, given: object, message: string, hint?: string]>([
    ['is missing', Image, {}, '`x` is missing; it takes an Image'],
    [
      'is a path',
      Image,
      { x: 'a.img' },
      '`x` is "a.img"; it takes an Image',
      'a source is a target, too: file("a.img")',
    ],
    ['is not a choice', attr.choice(['a', 'b']), { x: 'c' }, '`x` is "c"; it takes one of a, b'],
    ['is not a list', attr.list(Image), { x: image }, '`x` takes a list, but //image is an Image'],
    [
      'has a wrong member',
      attr.list(attr.object({ n: attr.integer })),
      { x: [{ n: 1.5 }] },
      '`x[0].n` is 1.5; it takes a whole number',
    ],
    ['is none of several', attr.oneOf(File, Tree), { x: image }, '`x` takes a File or a Tree, but //image is an Image'],
    ['is not known', attr.optional(Image), { y: 1 }, 'made has no attribute `y`', 'did you mean x?'],
  ])('that %s is said', (_what, taken, given, message, hint) => {
    const diagnostic = said({ x: taken }, given) as Diagnostic;
    expect(diagnostic.message).toBe(`//top: ${message}`);
    expect(diagnostic.hint).toBe(hint);
  });

  it('given by a parameter has the value that was set', () => {
    const size = param.integer({ default: 1, doc: '' }) as Parameter;
    expect(said({ size: attr.integer }, { size })).toBeUndefined();
    expect(said({ size: attr.integer }, { size }, new Map([[size, 'one']]))?.message).toMatch(/`size` is "one"/);
  });
});

describe('a rule', () => {
  it('whose kinds are not there yet is an error where it is declared', () => {
    const declare = () =>
      rule({ name: 'early', makes: File, attributes: { of: undefined as never }, implement: () => null as never });
    expect(declare).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({
          code: 'BAD_RULE',
          message: 'rule early: attribute of has neither a kind nor a type of `attr`',
          location: expect.objectContaining({ file: import.meta.filename }),
        }),
      }),
    );
  });
});

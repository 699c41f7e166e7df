/** The analysis phase: rules are called once, with values and artifacts in place of parameters and targets. */
import { describe, expect, it } from 'vitest';
import { debianPackages, file, toolchain } from '../model/builtin.ts';
import { attr } from '../model/attribute.ts';
import { fail } from '../model/diagnostic.ts';
import { File, Tree } from '../model/kinds.ts';
import { label, type Label } from '../model/label.ts';
import { param } from '../model/parameter.ts';
import { rule, type Artifact } from '../model/rule.ts';
import type { Parameter, Target } from '../model/target.ts';
import { actionGraph } from './action-graph.ts';
import type { ActionNode, ArtifactReference } from './action.ts';
import { Analysis } from './analyse.ts';
import { targetsBelow } from './targets-below.ts';

interface Attributes {
  readonly text?: unknown;
  readonly of?: unknown;
  readonly seen?: (attributes: unknown) => void;
}

/** A rule with one action; it tells what it was given. */
const thing = rule({
  name: 'thing',
  makes: File,
  attributes: {
    text: attr.optional(attr.data<unknown>()),
    of: attr.optional(attr.data<unknown>()),
    seen: attr.optional(attr.data<(attributes: unknown) => void>()),
  },
  implement: (attributes, actions) => {
    (attributes.seen as Attributes['seen'])?.(attributes);
    const inputs: Record<string, Artifact> = {};
    if (Array.isArray(attributes.of))
      for (const [index, one] of attributes.of.entries()) inputs[index] = one as Artifact;
    return actions.run({ mnemonic: 'Thing', argv: ['thing'], inputs, outputs: { out: { name: 'out', kind: File } } })
      .out;
  },
});

function analysisOf(targets: Readonly<Record<string, Target>>, values = new Map<Parameter, unknown>()): Analysis {
  const labels = new Map(Object.entries(targets).map(([name, target]) => [target, label('', name)]));
  return new Analysis(labels, values);
}

const anonymous = '//anonymous' as Label;

describe('a target', () => {
  it('is analysed once, however many refer to it', () => {
    let calls = 0;
    const shared = thing({ seen: () => calls++ });
    const top = thing({ of: [shared, thing({ of: [shared] })] });
    const analysis = analysisOf({ shared, top });
    expect(analysis.target(top)).toBe(analysis.target(top));
    expect(calls).toBe(1);
    expect(analysis.target(top).dependencies[0]).toBe(analysis.target(shared));
  });

  it('without a name has one that leads to it', () => {
    const top = thing({ of: [thing({})] });
    expect(
      analysisOf({ top })
        .target(top)
        .dependencies.map((one) => one.label),
    ).toEqual(['//top.of0']);
  });

  it('may be at the end of a chain that is longer than the stack is deep', () => {
    let top = thing({});
    for (let length = 1; length < 20_000; length++) top = thing({ of: [top] });
    const { actions } = actionGraph([analysisOf({ top }).target(top).artifact]);
    expect(actions).toHaveLength(20_000);
    expect(new Set(actions.map((action) => action.label)).size).toBe(20_000);
    expect(Math.max(...actions.map((action) => action.label.length))).toBeLessThan(200);
  });

  it('that depends on itself is an error that names the way', () => {
    const loop: Target[] = [];
    const one = thing({ of: loop });
    loop.push(thing({ of: [one] }));
    expect(() => analysisOf({ one }).target(one)).toThrow(/\/\/one → .* → \/\/one/);
  });

  it('that was refused is no cycle when it is looked at again', () => {
    const refused = rule({ name: 'refused', makes: File, implement: () => fail('BAD_ATTRIBUTE', 'no') })({});
    const top = thing({ of: [refused] });
    const analysis = analysisOf({ refused, top });
    for (const one of [top, refused, top]) expect(() => analysis.target(one)).toThrow('//refused: no');
  });

  it('has its validations beside its dependencies, not among them', () => {
    const check = thing({});
    const top = thing({ validations: [check] });
    const analysed = analysisOf({ check, top }).target(top);
    expect(analysed.validations.map((one) => one.label)).toEqual(['//check']);
    expect(analysed.dependencies).toEqual([]);
    expect(analysed.actions[0]?.inputs.size).toBe(0);
  });
});

describe('an attribute', () => {
  it('is resolved through lists and plain objects, and left alone otherwise', () => {
    const size = param.integer({ default: 1, doc: '' }) as Parameter;
    const name = param.string({ default: 'default', doc: '' }) as Parameter;
    const url = new URL('file:///x');
    let given: Attributes = {};
    const text = { list: [size, { name, url }], none: undefined, nothing: null };
    const top = thing({ text, seen: (attributes) => (given = attributes as Attributes) });
    analysisOf({ top }, new Map([[size, 7]])).target(top);
    expect(given.text).toEqual({ list: [7, { name: 'default', url }], none: undefined, nothing: null });
    expect((given.text as { list: { url: URL }[] }).list[1]?.url).toBe(url);
  });

  it('that is a target becomes its artifact, which has parts', () => {
    const tree = debianPackages('tar');
    const artifacts: ArtifactReference[] = [];
    const top = thing({
      of: [tree],
      seen: ({ of }: Attributes) => artifacts.push(...(of as ArtifactReference[])),
    } as Attributes);
    analysisOf({ tree, top }).target(top);
    const [artifact] = artifacts;
    expect(artifact?.origin).toEqual({ type: 'debian', packages: ['tar'], closure: false });
    const part = artifact?.at('usr', Tree).at('bin/tar', File) as unknown as ArtifactReference;
    expect([part.path, part.kind.name, part.origin]).toEqual(['usr/bin/tar', 'File', artifact?.origin]);
  });

  it('of a file parameter is the file that was given', () => {
    const pat = param.file({ default: file('default.pat'), doc: '' });
    const own = file('own.pat');
    const top = thing({ of: [pat] });
    const origin = (values: Map<Parameter, unknown>) =>
      analysisOf({ pat, top }, values).target(top).actions[0]?.inputs.get('0')?.origin;
    expect(origin(new Map())).toMatchObject({ type: 'source', written: 'default.pat' });
    expect(origin(new Map([[pat.parameter as Parameter, own]]))).toMatchObject({ written: 'own.pat' });
  });
});

describe('a rule', () => {
  it('may use a toolchain of its own', () => {
    const tools = toolchain('tar', 'xz-utils');
    const packed = rule({
      name: 'packed',
      makes: File,
      implement: (_attributes, actions) =>
        actions.run({
          mnemonic: 'Pack',
          argv: ['tar'],
          outputs: { out: { name: 'out', kind: File } },
          toolchains: [actions.toolchain(tools)],
        }).out,
    })({});
    const [action] = analysisOf({ packed }).target(packed).actions;
    expect(action?.toolchains.map(({ origin }) => origin)).toEqual([
      { type: 'debian', packages: ['tar', 'xz-utils'], closure: true },
    ]);
  });

  it('may bring targets of its own: sources beside it, and what its other rules make of them', () => {
    const made = thing({ of: [file('program.c')] });
    const bringer = rule({
      name: 'bringer',
      makes: File,
      implement: (_attributes, actions) => actions.own(made) as never,
    })({});
    const analysed = analysisOf({ bringer }).target(bringer);
    const { action } = analysed.artifact.origin as { action: ActionNode };
    expect(action.label).toBe('//bringer.own0');
    expect(action.inputs.get('0')?.origin).toMatchObject({ type: 'source', written: 'program.c' });
    expect(targetsBelow([analysed]).flatMap(({ actions }) => actions)).toEqual([action]);
  });

  it('that refuses is an error with the label and the place of the call', () => {
    const picky = rule({
      name: 'picky',
      makes: File,
      implement: () => fail('BAD_ATTRIBUTE', 'no'),
    })({});
    expect(() => analysisOf({ picky }).target(picky)).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({
          code: 'BAD_ATTRIBUTE',
          message: '//picky: no',
          location: expect.objectContaining({ file: import.meta.filename }),
        }),
      }),
    );
  });

  it('that gives no artifact, or wants something else as an input, is told so', () => {
    const gives = (made: unknown) => rule({ name: 'bad', makes: File, implement: () => made as never })({});
    expect(() => analysisOf({}).target(gives(undefined), anonymous)).toThrow('rule bad returned no artifact');
    const top = thing({ of: ['a path'] });
    expect(() => analysisOf({ top }).target(top)).toThrow("input '0' is not an artifact");
  });
});

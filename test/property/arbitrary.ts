/** Random projects, and random lives of them. */
import fc from 'fast-check';
import { file, folder, link, put, type Folder } from './model/content.ts';
import type { AttributeChange, Edit } from './model/edit.ts';
import { PATHS, SOURCES, type Make, type Spec, type TargetSpec } from './model/spec.ts';
import { MANNERS, type Manner } from './sources.ts';

/** One thing that happens. */
export type Happening =
  | { readonly type: 'edit'; readonly edit: Edit; readonly manner: Manner }
  | { readonly type: 'touch'; readonly path: string }
  | { readonly type: 'undo'; readonly steps: number; readonly manner: Manner }
  | { readonly type: 'damage'; readonly which: number; readonly how: Damage }
  | ({ readonly type: 'build' } & BuildCall)
  /** The same build as the last one, of what the project is now. */
  | { readonly type: 'again' };

export const DAMAGES = ['flip', 'cut', 'remove'] as const;
export type Damage = (typeof DAMAGES)[number];

export interface BuildCall {
  /** Indices modulo the number of targets. */
  readonly asked: readonly number[];
  readonly keepGoing: boolean;
  /** How many builds of the same run at once. */
  readonly beside: number;
  readonly meanwhile?: Meanwhile;
}

/** What comes in between, after so many ms: an edit, or the end of the first of the builds or of all. */
export type Meanwhile =
  | { readonly type: 'edit'; readonly ms: number; readonly edit: Edit; readonly manner: Manner }
  | { readonly type: 'end'; readonly ms: number; readonly all: boolean; readonly way: number };

// Few values, most of the same size: states come back, and no size gives a change away.
const texts = fc.constantFrom('one', 'two', 'six', '', 'one\nsix\n', 'two\nsix\n');
const fileTexts = fc.oneof({ weight: 30, arbitrary: texts }, { weight: 1, arbitrary: fc.constant('REFUSE') });
const words = fc.constantFrom('a', 'b', 'c');
/** Where links lead: beside them, into another source, from outside into their own, out of all, nowhere. */
const ends = fc.constantFrom(
  'a',
  'b',
  'deep',
  'deep/c',
  'f0',
  'd1',
  '../a',
  '../f0',
  '../d0',
  '../d0/a',
  '../d1/l',
  'gone',
);
const index = fc.noBias(fc.nat(100));
const inputs = fc.oneof(
  { weight: 9, arbitrary: fc.array(index, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant([]) },
);
const validations = fc.array(index, { maxLength: 1 });
const makes = fc.constantFrom<Make[]>('all', 'all', 'last', 'last', 'pair', 'write', 'group', 'part');
/** Node takes long to start: few steps. */
const make: fc.Arbitrary<Make> = fc.oneof(
  { weight: 14, arbitrary: makes },
  { weight: 1, arbitrary: fc.constant<Make>('worked') },
);
const text = fc.option(words, { nil: undefined, freq: 4 });

const targets: fc.Arbitrary<TargetSpec> = fc.record({
  make,
  renamed: fc.constant(0),
  text,
  mark: words,
  tool: fc.boolean(),
  of: inputs,
  part: fc.nat(2),
  validations: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: validations }),
});

const sources: fc.Arbitrary<Folder> = fc
  .record(Object.fromEntries(PATHS.map((path) => [path, fc.option(texts, { freq: 6 })])))
  .map((chosen) =>
    Object.entries(chosen).reduce(
      (folder, [path, content]) => (content === null ? folder : put(folder, path, file(content))),
      put(folder({ d0: folder({}), d1: folder({}) }), 'd1/l', link('a')),
    ),
  );

/** A project without its salt. */
export const specs: fc.Arbitrary<Omit<Spec, 'salt'>> = fc.record({
  sources,
  targets: fc.array(targets, { minLength: 2, maxLength: 12, size: 'max' }),
  parameter: words,
  tool: words,
  step: fc.constant({ version: 'v0', comment: '' }),
  comment: fc.constant(''),
});

const changes: fc.Arbitrary<AttributeChange> = fc.oneof(
  fc.record({ make }),
  fc.record({ text }),
  fc.record({ mark: words }),
  fc.record({ tool: fc.boolean() }),
  fc.record({ of: inputs }),
  fc.record({ part: fc.nat(2) }),
  fc.record({ validations }),
);

const paths = fc.constantFrom(...PATHS);

const edits: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('content'),
      path: paths,
      text: fileTexts,
      executable: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('link'), path: fc.constantFrom(...PATHS, ...SOURCES), to: ends }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete'), path: fc.constantFrom(...PATHS, ...SOURCES) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('move'), from: paths, to: paths }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('parameter'), value: words }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('tool'), word: words }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('step'), version: fc.constantFrom('v0', 'v1') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('comment'), text: words }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rename'), target: index }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('attribute'), target: index, change: changes }) },
);

const manner = fc.constantFrom(...MANNERS);

const call = {
  type: fc.constant('build' as const),
  asked: fc.array(index, { minLength: 1, maxLength: 6, size: 'max' }),
  keepGoing: fc.boolean(),
  beside: fc.oneof(
    { weight: 16, arbitrary: fc.constant(1) },
    { weight: 2, arbitrary: fc.constant(2) },
    { weight: 1, arbitrary: fc.constant(8) },
  ),
};

/** What the one who builds can be put to. */
export interface Trials {
  readonly length: number;
  /** How many builds come to 12 edits, and how many repetitions of the last one. */
  readonly builds: number;
  readonly again: number;
  /** How often, of 20 builds, something comes in between, and after how many ms at most. */
  readonly disturbed: number;
  readonly withinMs: number;
  readonly damages: boolean;
}

function builds({ disturbed, withinMs }: Trials) {
  const ms = fc.noBias(fc.nat(withinMs));
  const meanwhile: fc.Arbitrary<Meanwhile> = fc.oneof(
    fc.record({ type: fc.constant('end'), ms, all: fc.boolean(), way: fc.nat(11) }),
    fc.record({ type: fc.constant('edit'), ms, edit: edits, manner }),
  );
  return fc.oneof(
    { weight: 20 - disturbed, arbitrary: fc.record(call) },
    { weight: disturbed, arbitrary: fc.record({ ...call, meanwhile }) },
  );
}

const edit = fc.record({ type: fc.constant('edit'), edit: edits, manner });
const touch = fc.record({ type: fc.constant('touch'), path: fc.constantFrom(...PATHS, ...SOURCES) });
const undo = fc.record({ type: fc.constant('undo'), steps: fc.oneof(fc.nat(3), fc.nat(20)), manner });
const damage = fc.record({
  type: fc.constant('damage'),
  which: fc.noBias(fc.nat(50)),
  how: fc.constantFrom(...DAMAGES),
});

/** What happens to a project, one after the other. */
export function lives(trials: Trials): fc.Arbitrary<Happening[]> {
  const happening = fc.oneof(
    { weight: 12, arbitrary: edit },
    { weight: 1, arbitrary: touch },
    { weight: 3, arbitrary: undo },
    { weight: trials.damages ? 1 : 0, arbitrary: damage },
    { weight: trials.builds, arbitrary: builds(trials) },
    { weight: trials.again, arbitrary: fc.record({ type: fc.constant('again' as const) }) },
  );
  // Without bias: with it, the first lives are short.
  return fc.noBias(fc.array<Happening>(happening, { maxLength: trials.length, size: 'max' }));
}

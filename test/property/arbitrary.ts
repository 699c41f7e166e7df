/** Random projects, and random lives of them. */
import fc from 'fast-check';
import { file, folder, link, put, type Folder } from './model/content.ts';
import type { AttributeChange, Edit } from './model/edit.ts';
import { PARTS, PATHS, SOURCES, type Make, type Spec, type TargetSpec } from './model/spec.ts';
import { MANNERS, type Manner } from './sources.ts';

/** One thing that happens. */
export type Happening =
  | { readonly type: 'edit'; readonly edit: Edit; readonly manner: Manner }
  | { readonly type: 'touch'; readonly path: string }
  | { readonly type: 'undo'; readonly steps: number; readonly manner: Manner }
  | { readonly type: 'damage'; readonly which: number; readonly how: Damage }
  | ({ readonly type: 'build' } & BuildCall);

export const DAMAGES = ['flip', 'cut', 'remove'] as const;
export type Damage = (typeof DAMAGES)[number];

export interface BuildCall {
  /** Indices modulo the number of targets. */
  readonly asked: readonly number[];
  readonly keepGoing: boolean;
  /** How many builds of the same run at once. */
  readonly beside: number;
  /** Something that comes in between, after so many ms. */
  readonly meanwhile?: {
    readonly ms: number;
    readonly happening: 'end' | { readonly edit: Edit; readonly manner: Manner };
  };
}

// Few values, most of the same size: states come back, and no size gives a change away.
const texts = fc.constantFrom('one', 'two', 'six', '', 'one\nsix\n', 'two\nsix\n');
const fileTexts = fc.oneof({ weight: 30, arbitrary: texts }, { weight: 1, arbitrary: fc.constant('REFUSE') });
const words = fc.constantFrom('a', 'b', 'c');
const index = fc.nat(30);
const inputs = fc.array(index, { maxLength: 3 });
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
  part: fc.constantFrom(...PARTS),
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
  targets: fc.array(targets, { minLength: 1, maxLength: 7 }),
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
  fc.record({ part: fc.constantFrom(...PARTS) }),
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
  { weight: 1, arbitrary: fc.record({ type: fc.constant('link'), path: paths, to: words }) },
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

const between = fc.record({
  ms: fc.nat(40),
  happening: fc.oneof(fc.constant<'end'>('end'), fc.record({ edit: edits, manner })),
});

const call = {
  type: fc.constant('build' as const),
  asked: fc.array(index, { minLength: 1, maxLength: 4 }),
  keepGoing: fc.boolean(),
  beside: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 2, 8),
};

const builds = fc.oneof(
  { weight: 7, arbitrary: fc.record(call) },
  { weight: 1, arbitrary: fc.record({ ...call, meanwhile: between }) },
);

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant('edit'), edit: edits, manner }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('touch'), path: fc.constantFrom(...PATHS, ...SOURCES) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('undo'), steps: fc.nat(20), manner }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('damage'), which: fc.nat(50), how: fc.constantFrom(...DAMAGES) }),
  },
  { weight: 8, arbitrary: builds },
);

/** What happens to a project, one after the other. */
export const lives = (length: number): fc.Arbitrary<Happening[]> =>
  fc.array(happenings, { minLength: length / 2, maxLength: length, size: 'max' });

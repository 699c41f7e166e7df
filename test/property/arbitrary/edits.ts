/** Random edits. */
import fc from 'fast-check';
import type { AttributeChange, Edit } from '../model/edit.ts';
import { MODULES } from '../model/modules.ts';
import { PATHS, SOURCES } from '../model/spec.ts';
import { endings, index, inputs, make, text, texts, validations, words } from './projects.ts';

const fileTexts = fc.oneof({ weight: 30, arbitrary: texts }, { weight: 1, arbitrary: fc.constant('REFUSE') });
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
const changes: fc.Arbitrary<AttributeChange> = fc.oneof(
  fc.record({ make }),
  fc.record({ text }),
  fc.record({ mark: words }),
  fc.record({ tool: fc.boolean() }),
  fc.record({ said: fc.boolean() }),
  fc.record({ ending: endings }),
  fc.record({ of: inputs }),
  fc.record({ part: fc.nat(2) }),
  fc.record({ validations }),
);

const paths = fc.constantFrom(...PATHS);

const moduleEdits: fc.Arbitrary<Edit>[] = Object.entries(MODULES).map(([path, contents]) =>
  fc.record({ type: fc.constant('module'), path: fc.constant(path), content: fc.constantFrom(...contents) }),
);

/** Edits of what the engine reads by itself. */
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
  { weight: 5, arbitrary: fc.oneof(...moduleEdits) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('home') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rename'), target: index }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('attribute'), target: index, change: changes }) },
);

const clash = fc.option(fc.record({ target: index, deep: fc.boolean() }), { nil: undefined, freq: 3 });

/** Edits; only the command line knows packages. */
export function editsFor({ commandLine }: { readonly commandLine: boolean }): fc.Arbitrary<Edit> {
  if (!commandLine) return edits;
  return fc.oneof(
    { weight: 30, arbitrary: edits },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('clash' as const), clash }) },
  );
}

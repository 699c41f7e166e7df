/** Random projects. */
import fc from 'fast-check';
import { file, folder, link, put, type Folder } from '../model/content.ts';
import { MODULES } from '../model/modules.ts';
import { PATHS, type Make, type Spec, type TargetSpec } from '../model/spec.ts';

// Few values, most of the same size: states come back, and no size gives a change away.
export const texts = fc.constantFrom('one', 'two', 'six', '', 'one\nsix\n', 'two\nsix\n');
export const words = fc.constantFrom('a', 'b', 'c');
export const index = fc.noBias(fc.nat(100));
export const inputs = fc.oneof(
  { weight: 9, arbitrary: fc.array(index, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant([]) },
);
export const validations = fc.array(index, { maxLength: 1 });
const makes = fc.constantFrom<Make[]>('all', 'all', 'last', 'last', 'pair', 'write', 'group', 'part');
/** Node takes long to start, and large files to be written: few of them. */
export const make: fc.Arbitrary<Make> = fc.oneof(
  { weight: 16, arbitrary: makes },
  { weight: 2, arbitrary: fc.constant<Make>('worked') },
  { weight: 1, arbitrary: fc.constant<Make>('large') },
);
export const endings = fc.constantFrom('', '', 's');
export const text = fc.option(words, { nil: undefined, freq: 4 });

const targets: fc.Arbitrary<TargetSpec> = fc.record({
  make,
  renamed: fc.constant(0),
  text,
  mark: words,
  tool: fc.boolean(),
  said: fc.boolean(),
  ending: endings,
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

const modules: fc.Arbitrary<Folder> = fc
  .record(Object.fromEntries(Object.entries(MODULES).map(([path, contents]) => [path, fc.constantFrom(...contents)])))
  .map((chosen) => Object.entries(chosen).reduce((of, [path, content]) => put(of, path, content), folder({})));

/** A project without its salt. */
export const specs: fc.Arbitrary<Omit<Spec, 'salt'>> = fc.record({
  sources,
  targets: fc.array(targets, { minLength: 2, maxLength: 12, size: 'max' }),
  parameter: words,
  tool: words,
  step: fc.constant({ version: 'v0', comment: '' }),
  comment: fc.constant(''),
  modules,
  home: fc.constant(0),
  clash: fc.constant(undefined),
});

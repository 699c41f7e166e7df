/** Random lives of projects. */
import fc from 'fast-check';
import { MANNERS } from '../bring.ts';
import { DAMAGES } from '../damage.ts';
import type { Happening, Meanwhile } from '../happening.ts';
import { MEDDLINGS } from '../meddle.ts';
import { PATHS, SOURCES } from '../model/spec.ts';
import type { Trials } from '../trials.ts';
import { editsFor } from './edits.ts';
import { index } from './projects.ts';

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

function builds(trials: Trials) {
  const { disturbed, withinMs } = trials;
  const ms = fc.noBias(fc.nat(withinMs));
  const meanwhile: fc.Arbitrary<Meanwhile> = fc.oneof(
    fc.record({ type: fc.constant('end'), ms, all: fc.boolean(), way: fc.nat(11) }),
    fc.record({ type: fc.constant('edit'), ms, edit: editsFor(trials), manner }),
    ...(trials.commandLine ? [fc.record({ type: fc.constant('forget' as const), ms })] : []),
  );
  return fc.oneof(
    { weight: 20 - disturbed, arbitrary: fc.record(call) },
    { weight: disturbed, arbitrary: fc.record({ ...call, meanwhile }) },
  );
}

const touch = fc.record({ type: fc.constant('touch'), path: fc.constantFrom(...PATHS, ...SOURCES) });
const undo = fc.record({ type: fc.constant('undo'), steps: fc.oneof(fc.nat(3), fc.nat(20)), manner });
const damage = fc.record({
  type: fc.constant('damage'),
  which: fc.noBias(fc.nat(50)),
  how: fc.constantFrom(...DAMAGES),
});

const meddling = fc.record({ type: fc.constant('meddling'), target: index, how: fc.constantFrom(...MEDDLINGS) });

/** What happens to a project, one after the other. */
export function lives(trials: Trials): fc.Arbitrary<Happening[]> {
  const { pauseMs = 0 } = trials;
  const happening = fc.oneof(
    { weight: 12, arbitrary: fc.record({ type: fc.constant('edit'), edit: editsFor(trials), manner }) },
    { weight: 1, arbitrary: touch },
    { weight: 3, arbitrary: undo },
    { weight: 1, arbitrary: trials.commandLine ? meddling : damage },
    { weight: trials.commandLine ? 1 : 0, arbitrary: fc.constant({ type: 'forget' as const }) },
    { weight: pauseMs > 0 ? 3 : 0, arbitrary: fc.record({ type: fc.constant('pause'), ms: fc.constant(pauseMs) }) },
    { weight: trials.builds, arbitrary: builds(trials) },
    { weight: trials.again, arbitrary: fc.record({ type: fc.constant('again' as const) }) },
  );
  // Without bias: with it, the first lives are short.
  return fc.noBias(fc.array<Happening>(happening, { maxLength: trials.length, size: 'max' }));
}

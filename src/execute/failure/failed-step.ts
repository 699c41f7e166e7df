/** What a step said of its failure, with the place in its modules. */
import { relative } from 'node:path';
import type { Diagnostic, Location } from '../../model/diagnostic.ts';
import { modulePath } from '../../model/own-files.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { placeInStep } from '../../plan/step-source.ts';
import { unknownName } from '../records/step-names.ts';
import type { StepRecord } from '../records/step-record.ts';

/** What a step did not mean to throw is a defect of the step, and not of the engine; it is told with its place. */
export async function failureOfStep(
  action: PlannedAction,
  { diagnostic, stack = '' }: StepRecord & { type: 'diagnostic' },
): Promise<Diagnostic> {
  const { work } = action.node;
  const bundled = action.files.get('step.mjs');
  if (work.type !== 'step' || bundled?.type !== 'file') return diagnostic;
  const module = modulePath(work.module);
  const location = await placeInStep(stack, module, bundled.digest).catch(nowhere);
  const placed = location ? { ...diagnostic, location } : diagnostic;
  if (diagnostic.code !== 'INTERNAL') return placed;
  const message = `the step threw: ${diagnostic.message}`;
  const hint = unknownName(action.node, work.args, location) ?? `the step is ${relative(process.cwd(), module)}`;
  return { ...placed, code: 'STEP_FAILED', message, hint };
}

/** What is wrong with the bundle by now hides nothing of what was thrown. */
function nowhere(): Location | undefined {
  return undefined;
}

/** For tests of steps: runs one on the machine, outside the sandbox, with the programs of the machine. */
import type { Step, StepContext, StepSpec } from '../step/index.ts';

/** What a test gives; the rest is what a step without hints sees. */
export type TestContext<Spec extends StepSpec> = Pick<StepContext<Spec>, 'args' | 'inputs' | 'outputs' | 'scratch'> &
  Partial<StepContext<Spec>>;

/** Runs a step with paths of the test's own. */
export function runStepHere<Spec extends StepSpec>(step: Step<Spec>, given: TestContext<Spec>): Promise<void> {
  return step.run({
    allInputs: given.inputs,
    memo: undefined,
    epoch: 1_577_836_800,
    digestOf: () => undefined,
    assembled: () => undefined,
    progress: () => {},
    log: () => {},
    ...given,
  });
}

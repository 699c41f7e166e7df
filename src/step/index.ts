/**
 * The API of a step: an action written in TypeScript.
 *
 * A step module default-exports `step(async (context) => { … })`. It is bundled to one file and runs in the
 * sandbox under the pinned Node. It sees its inputs below `/in`, writes its outputs below `/out`, may use
 * `/tmp`, and finds the programs of its toolchains on the PATH. It has no network and no clock to rely on.
 */
import type { FailWith } from '../model/failure.ts';
import type { Step, StepContext, StepSpec } from '../model/step.ts';

export * from '../model/failure.ts';
export type { Step, StepContext, StepSpec } from '../model/step.ts';
export { run, runToFile, pipeline, type RunOptions } from './tools.ts';
export { inParallel } from '../model/in-parallel.ts';
export { sortByCodePoint } from './order.ts';
export { borrowed } from './borrowed.ts';
export { runInTerminal, userArguments } from './terminal.ts';

/** Throws a `Failure`. The function is that of `failure.ts`, under a type that lets rules and steps have codes of their own. */
export declare const fail: FailWith;

/** Declares a step. Expected failures are thrown with `fail(code, message, { hint })`. */
export function step<Spec extends StepSpec>(run: (context: StepContext<Spec>) => Promise<void>): Step<Spec> {
  return { run };
}

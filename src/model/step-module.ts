/** Which module is the step of an action: named by an import that the compiler checks and that nobody runs. */
import type { Step, StepSpec } from './step.ts';

/** The module of a step: `() => import('./x.step.ts')`, written where the action is declared. */
export type StepModule<Spec extends StepSpec = StepSpec> =
  (() => Promise<{ readonly default: Step<Spec> }>) | PlacedStep<Spec>;

/** A step whose place is computed. Made by `stepModule`. */
interface PlacedStep<Spec extends StepSpec> {
  readonly url: URL;
  /** Type only. */
  readonly spec?: Spec;
}

/** The shape of a step, from its type. */
type SpecOf<S> = S extends Step<infer Spec> ? Spec : never;

/** A step whose place is computed, for rules that are told it: nobody checks that it is a step of this type. */
export function stepModule<S>(url: URL): StepModule<SpecOf<S>> {
  return { url };
}

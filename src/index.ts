/** The public API for build files and rules. Rules of this repository use nothing else. */
import type { FailWith } from './model/failure.ts';

export { attr, type AttributeType, type AttributeTypes, type GivenAttributes } from './model/attribute.ts';
export { kind, type Kind } from './model/kind.ts';
export { File, Runnable, Toolchain, Tree } from './model/kinds.ts';
export { param } from './model/parameter.ts';
export { debianArchives, debianPackages, file, folder, toolchain } from './model/builtin.ts';
export {
  rule,
  type Actions,
  type Artifact,
  type CommonAttributes,
  type Hints,
  type Needs,
  type Output,
  type Resolved,
  type RuleDefinition,
  type Rule,
  type Borrowed,
  type RunnableStep,
} from './model/rule.ts';
export { stepModule, type StepModule } from './model/step-module.ts';
export type { FileParameter, Parameter, Target, Value } from './model/target.ts';
export type { Diagnostic, Location } from './model/diagnostic.ts';
export * from './model/failure.ts';

/** Throws a `Failure`. The function is that of `failure.ts`, under a type that lets rules have codes of their own. */
export declare const fail: FailWith;

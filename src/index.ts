/** The public API for build files and rules. Rules of this repository use nothing else. */
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
  type RunnableStep,
} from './model/rule.ts';
export { stepModule, type StepModule } from './model/step-module.ts';
export type { FileParameter, Parameter, Target, Value } from './model/target.ts';
export { fail, Failure, type Diagnostic, type Location } from './model/diagnostic.ts';

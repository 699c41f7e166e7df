/** What a build file declares: targets and parameters, as plain data that refers to other targets. */
import type { Location } from './diagnostic.ts';
import type { Kind } from './kind.ts';

/** The rule of a target, as far as a target can tell of it; `ruleOf` has the rest. */
export interface TargetRule {
  /** The name of the function that build files call, for example `bootImage`. */
  readonly name: string;
  readonly makes: Kind;
  /** What it makes is the record of a check: `dsmb test` runs it, and an action of it that fails is a failed test. */
  readonly test?: boolean;
  readonly implement: (attributes: never, actions: never) => unknown;
  /** Where it is declared. */
  readonly location?: Location | undefined;
}

/** A thing declared in a build file. `Name` is the kind of its artifact; a target is passed by reference. */
export interface Target<Name extends string = string> {
  readonly type: 'target';
  readonly kind: Kind<Name>;
  readonly rule: TargetRule;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The targets that must succeed for this one to count as built; they are not inputs. */
  readonly validations: readonly Target[];
  /** Where the rule was called. */
  readonly location: Location | undefined;
}

/** A typed value that is set from the command line; its name is the name it is exported under. */
export interface Parameter<Value = unknown> {
  readonly type: 'parameter';
  readonly doc: string;
  readonly default: Value;
  /** Shown in help, for example `52:54:00:xx:xx:xx`. */
  readonly format: string;
  /** The value of a text from the command line, or a `Failure`. */
  readonly parse: (text: string) => Value;
  readonly location: Location | undefined;
}

/** An attribute that may be given as it is or by a parameter. */
export type Value<T> = T | Parameter<T>;

/** A parameter whose value is an artifact: a target unless the user gives a file or folder of their own. */
export interface FileParameter<Name extends string = string> extends Target<Name> {
  readonly parameter: Parameter<Target<Name> | string>;
  /** What the user may give. */
  readonly shape: 'file' | 'folder' | 'any';
}

/** Rules: pure functions from attributes to actions. */
import type { StepSpec } from './step.ts';
import { isKind, isTaken, type AttributeTypes, type GivenAttributes } from './attribute.ts';
import { callSite } from './call-site.ts';
import { fail } from './diagnostic.ts';
import type { Kind } from './kind.ts';
import type { StepModule } from './step-module.ts';
import type { Parameter, Target, TargetRule } from './target.ts';

/**
 * An artifact as a rule sees it during analysis: a reference, never bytes. `at` and `kind` make a part of a folder
 * an artifact of its own, at no cost: it is a subtree of the Merkle tree.
 */
export interface Artifact<Name extends string = string> {
  readonly type: 'artifact';
  readonly kind: Kind<Name>;
  /** The file or folder inside this folder, as an artifact of the given kind. */
  at<Part extends string>(path: string, kind: Kind<Part>): Artifact<Part>;
}

/** Attributes as the rule's function gets them: parameters replaced by values, targets by artifacts. */
export type Resolved<T> =
  T extends Target<infer Name>
    ? Artifact<Name>
    : T extends Parameter<infer Value>
      ? Resolved<Value>
      : T extends readonly (infer Item)[]
        ? readonly Resolved<Item>[]
        : T extends (...args: never[]) => unknown
          ? T
          : T extends object
            ? { readonly [Key in keyof T]: Resolved<T[Key]> }
            : T;

/** A declared output: the name it has on disk, and its kind. */
export interface Output<Name extends string = string> {
  readonly name: string;
  readonly kind: Kind<Name>;
}

/** What an action asks of the machine. None of it is in the key. What is not told is learned from past runs. */
export interface Needs {
  /** Memory in MiB that it uses at most; 256 until it has run. */
  readonly memoryMiB?: number;
  /** Processors that it keeps busy; 1 until it has run. */
  readonly cpus?: number;
  /** Room in MiB that it takes on the store's disk while it runs. It does not start with less. */
  readonly diskMiB?: number;
  /** It boots a virtual machine, and may use KVM where that works. */
  readonly vm?: boolean;
  /** The same, and it fails at once where KVM does not work. */
  readonly kvm?: boolean;
}

/** Whether an action boots a virtual machine. */
export function needsVm({ vm, kvm }: Needs): boolean {
  return vm === true || kvm === true;
}

/** Declared outputs by the names that the rule has for them; a kind alone has its output under that name. */
export type Outputs = Readonly<Record<string, Output | Kind>>;

interface ActionSpec<Declared extends Outputs> {
  /** Short name of the action, for example `GrubConfig`. */
  readonly mnemonic: string;
  readonly outputs: Declared;
  /** Toolchains merged into the sandbox's root. */
  readonly toolchains?: readonly Artifact<'Toolchain'>[];
  readonly needs?: Needs;
  /** Milliseconds until the action is ended; 10 minutes by default. In the key, as the API has it. */
  readonly timeoutMs?: number;
  /** False: run again, it may give other bits, and `dsmb build --check` does not mind. Not in the key. */
  readonly reproducible?: boolean;
}

/** What spares a step work. None of it is in the key: the step must give the same output without. */
export interface Hints<Inputs extends string = string> {
  /** Offer a folder, `memo`, for content-addressed results of pure functions that outlives the action. */
  readonly memo?: boolean;
  /** Inputs whose files' digests the step asks with `digestOf`. */
  readonly digestsOf?: readonly Inputs[];
  /** Disk inputs that are offered as one raw file, by `assembled`. */
  readonly assembled?: readonly Inputs[];
}

/** An action in TypeScript. */
export interface StepAction<Spec extends StepSpec, Declared extends Outputs> extends ActionSpec<Declared> {
  readonly module: StepModule<Spec>;
  readonly args: Spec['args'];
  /** Mounted at `/in/<name>`. */
  readonly inputs: { readonly [Name in Spec['inputs']]: Artifact } & Readonly<Record<string, Artifact>>;
  readonly hints?: Hints<Spec['inputs']>;
}

/** What `dsmb run` lends of the user's own to what it starts. */
export type Borrowed = BorrowedFolder | BorrowedSocket;

/** A folder of the user's. */
export interface BorrowedFolder {
  /** Its path below the home folder, for example `.config/rclone`. */
  readonly home: string;
  /** Whether it may be changed; `false` by default. */
  readonly writable?: boolean;
}

/** A socket of a program that serves the user. */
export interface BorrowedSocket {
  /** The environment variable that has its path, for example `SSH_AUTH_SOCK`. */
  readonly socketOf: string;
}

/**
 * What `dsmb run` starts: a step with the user's terminal and arguments. It runs each time that the user asks for it,
 * and its result is its exit code.
 */
export interface RunnableStep<Spec extends StepSpec> {
  readonly mnemonic: string;
  readonly module: StepModule<Spec>;
  readonly args: Spec['args'];
  readonly inputs: { readonly [Name in Spec['inputs']]: Artifact } & Readonly<Record<string, Artifact>>;
  readonly toolchains?: readonly Artifact<'Toolchain'>[];
  readonly hints?: Hints<Spec['inputs']>;
  readonly needs?: Needs;
  /** It has the machine's network; none but loopback by default. */
  readonly network?: boolean;
  /**
   * Folders and sockets of the user's that it works with, by name: `borrowed(name)` gives the step the path. The user is told before
   * they are lent. They are in no key, no log and no store.
   */
  readonly borrows?: Readonly<Record<string, Borrowed>>;
}

/** An action that runs a program of a toolchain. */
export interface RunAction<Declared extends Outputs> extends ActionSpec<Declared> {
  /** Program and arguments; inputs are at `/in/<name>`, outputs go to `/out/<output name>`. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, Artifact>>;
}

type Artifacts<Declared extends Outputs> = { readonly [Key in keyof Declared]: Artifact<KindName<Declared[Key]>> };

type KindName<Of> = Of extends Output<infer Name> ? Name : Of extends Kind<infer Name> ? Name : never;

/** How a rule declares its actions. Each call gives the artifacts that the action will make. */
export interface Actions {
  /** A toolchain of the rule's own, declared once beside the rules with `toolchain(…)`. */
  toolchain(of: Target<'Toolchain'>): Artifact<'Toolchain'>;
  /**
   * Any other target of the rule's own, declared once beside the rules: a program that it brings, sources of such a
   * program (`folder('source')` is beside the module that says so), packages.
   */
  own<Name extends string>(of: Target<Name>): Artifact<Name>;
  /** A file whose content is known now; no process runs. */
  write<Name extends string>(output: Output<Name>, content: string): Artifact<Name>;
  /** A folder put together from artifacts, by path; no process runs. */
  compose<Name extends string>(kind: Kind<Name>, entries: Readonly<Record<string, Artifact>>): Artifact<Name>;
  /**
   * `SHA256SUMS` of files, by name, as `sha256sum -c` reads it. The digests are those that the engine has taken of its
   * own: no process runs, and nothing is read again.
   */
  checksums<Name extends string>(kind: Kind<Name>, files: Readonly<Record<string, Artifact>>): Artifact<Name>;
  run<const Declared extends Outputs>(action: RunAction<Declared>): Artifacts<Declared>;
  step<Spec extends StepSpec, const Declared extends { readonly [Name in Spec['outputs']]: Output | Kind }>(
    action: StepAction<Spec, Declared>,
  ): Artifacts<Declared>;
  /** Something with an effect. Inputs are built first; it is not an input of anything itself, and never cached. */
  runnable<Spec extends StepSpec>(step: RunnableStep<Spec>): Artifact<'Runnable'>;
}

/** What a rule author writes: a name, the kind of artifact it makes, what its attributes take, and the pure function. */
export interface RuleDefinition<Types extends AttributeTypes, Name extends string> extends Omit<
  TargetRule,
  'location' | 'implement'
> {
  readonly makes: Kind<Name>;
  /** What the attributes take, by name: a kind, or what `attr` has. */
  readonly attributes?: Types;
  /** From resolved attributes to actions; gives the artifact that the target stands for. Throws only `Failure`s. */
  readonly implement: (attributes: Resolved<GivenAttributes<Types>>, actions: Actions) => Artifact<NoInfer<Name>>;
}

/** A rule of any shape, as the engine holds it. */
export interface AnyRule extends TargetRule {
  readonly attributes?: AttributeTypes;
  readonly implement: (attributes: never, actions: Actions) => Artifact;
}

/** All of the rule that a target is of. */
export function ruleOf({ rule }: Target): AnyRule {
  return rule as AnyRule;
}

/** Attributes that every rule takes. */
export interface CommonAttributes {
  /** Targets that must succeed for this one to count as built; they run beside it and are not inputs. */
  readonly validations?: readonly Target[];
}

/** A rule: the function that build files call. */
export type Rule<Attributes, Name extends string> = (attributes: Attributes & CommonAttributes) => Target<Name>;

/** Makes a rule. Its function only records: nothing is read or run. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- a rule without attributes has exactly none
export function rule<const Types extends AttributeTypes = Record<never, never>, const Name extends string = string>(
  definition: RuleDefinition<Types, Name>,
): Rule<GivenAttributes<Types>, Name> {
  const declared: AnyRule = { ...definition, location: callSite() };
  check(declared);
  return ({ validations = [], ...attributes }) => ({
    type: 'target',
    kind: definition.makes,
    rule: declared,
    attributes,
    validations,
    location: callSite(),
  });
}

/** What the compiler says, for rules that it has not seen, and for kinds that a cycle of imports has left undefined. */
function check({ name, makes, attributes = {}, implement, location }: AnyRule): void {
  const bad = (what: string): never => fail('BAD_RULE', `rule ${name}: ${what}`, location ? { location } : {});
  if (!isTaken(makes) || !isKind(makes)) bad('`makes` is not a kind');
  if (typeof implement !== 'function') bad('`implement` is not a function');
  for (const [attribute, taken] of Object.entries(attributes)) {
    if (!isTaken(taken)) bad(`attribute ${attribute} has neither a kind nor a type of \`attr\``);
    if (attribute === 'validations') bad('every rule has an attribute `validations`, which it cannot declare');
  }
}

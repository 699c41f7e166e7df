/** The analysis phase: calls each rule once with resolved attributes and collects the actions that it declares. */
import {
  debianRule,
  sourceFileRule,
  sourceFolderRule,
  type DebianAttributes,
  type SourceAttributes,
} from '../model/builtin.ts';
import { callSite } from '../model/call-site.ts';
import { fail, Failure } from '../model/diagnostic.ts';
import { Runnable } from '../model/kinds.ts';
import type { Label } from '../model/label.ts';
import type { Actions, Artifact, Output, Outputs } from '../model/rule.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import { thrownAt } from '../model/thrown-at.ts';
import { isParameter, isTarget } from '../load/load.ts';
import type { ParameterValues } from '../load/parameters.ts';
import { ArtifactReference, type ActionNode, type AnalysedTarget, type Origin } from './action.ts';
import { checkAttributes } from './attributes.ts';
import { moduleUrl } from './module-url.ts';

const DEFAULT_TIMEOUT_MS = 600_000;
/** Longer labels of targets without a name are cut. */
const LABEL_LENGTH = 160;

/** A target whose references are being analysed. */
interface Opened {
  readonly target: Target;
  readonly label: Label;
  readonly references: Iterator<readonly [Target, Label]>;
}

/** What a rule throws is a defect of that rule, unless it comes from nowhere but the engine. */
function ruleFailed({ rule, location: called }: Target, label: Label, error: unknown): never {
  const location = thrownAt(error) ?? (error instanceof Error ? undefined : called);
  if (!location) throw error;
  const message = error instanceof Error ? error.message : String(error);
  return fail('RULE_FAILED', `${label}: rule ${rule.name} threw: ${message}`, { location, hint: 'dsmb check' });
}

/** Turns targets into actions. Each target is analysed once, however many refer to it. */
export class Analysis {
  readonly #labels: ReadonlyMap<Target, Label>;
  readonly #parameters: ParameterValues;
  readonly #done = new Map<Target, AnalysedTarget>();
  readonly #open = new Set<Target>();
  #deep = 0;

  constructor(labels: ReadonlyMap<Target, Label>, parameters: ParameterValues) {
    this.#labels = labels;
    this.#parameters = parameters;
  }

  /** Analyses a target and all that it refers to: these first, and not by recursion, since a chain may be long. */
  target(target: Target, fallback = '//anonymous' as Label): AnalysedTarget {
    const open = this.#done.has(target) ? [] : [this.#enter(target, fallback)];
    for (let last = open.at(-1); last; last = open.at(-1)) {
      const next = last.references.next();
      if (!next.done) {
        const [other, label] = next.value;
        if (!this.#done.has(other)) open.push(this.#enter(other, label));
        continue;
      }
      this.#done.set(last.target, this.#analyse(last.target, last.label));
      this.#open.delete(last.target);
      open.pop();
    }
    return this.#done.get(target)!;
  }

  #analyse(target: Target, label: Label): AnalysedTarget {
    return 'parameter' in target ? this.#parameterTarget(target as FileParameter, label) : this.#rule(target, label);
  }

  #enter(target: Target, fallback: Label): Opened {
    const label = this.#labels.get(target) ?? this.#bounded(fallback);
    if (this.#open.has(target)) {
      const open = [...this.#open];
      const cycle = [...open.slice(open.indexOf(target)), target];
      fail('CYCLE', `targets depend on each other: ${cycle.map((one) => this.#labels.get(one) ?? label).join(' → ')}`);
    }
    this.#open.add(target);
    return { target, label, references: this.#references(target, label) };
  }

  /** Labels of targets without a name tell the way to them. In a long chain that would be most of the memory. */
  #bounded(label: Label): Label {
    return label.length < LABEL_LENGTH ? label : (`${label.split('.')[0]}.deep${this.#deep++}` as Label);
  }

  /** The targets that a target refers to, with the labels of those that have none of their own. */
  *#references(target: Target, label: Label): Generator<readonly [Target, Label]> {
    if ('parameter' in target) return yield [this.#valueOf((target as FileParameter).parameter) as Target, label];
    const inputs = new Set<Target>();
    for (const input of this.#targetsIn(target.attributes)) {
      if (!inputs.has(input)) yield [input, `${label}.input${inputs.size}` as Label];
      inputs.add(input);
    }
    for (const [index, one] of target.validations.entries()) yield [one, `${label}.validations${index}` as Label];
  }

  *#targetsIn(value: unknown): Generator<Target> {
    if (isTarget(value)) yield value;
    else if (isParameter(value)) yield* this.#targetsIn(this.#valueOf(value));
    else if (Array.isArray(value)) for (const item of value) yield* this.#targetsIn(item);
    else if (isPlainObject(value)) for (const item of Object.values(value)) yield* this.#targetsIn(item);
  }

  #valueOf(parameter: Parameter): unknown {
    return this.#parameters.has(parameter) ? this.#parameters.get(parameter) : parameter.default;
  }

  #parameterTarget(target: FileParameter, label: Label): AnalysedTarget {
    const value = this.#valueOf(target.parameter) as Target;
    return { ...this.target(value, label), ...(this.#labels.has(value) ? {} : { label }) };
  }

  #rule(target: Target, label: Label): AnalysedTarget {
    const dependencies = new Set<AnalysedTarget>();
    const actions: ActionNode[] = [];
    checkAttributes(target, label, { labels: this.#labels, valueOf: (parameter) => this.#valueOf(parameter) });
    const artifact =
      engineArtifact(target) ??
      this.#implement(target, label, this.#resolve(target.attributes, label, dependencies), actions);
    const validations = target.validations.map((one, index) =>
      this.target(one, `${label}.validations${index}` as Label),
    );
    return { label, artifact, actions, validations, dependencies: [...dependencies] };
  }

  #implement(target: Target, label: Label, attributes: unknown, actions: ActionNode[]): ArtifactReference {
    try {
      const made = target.rule.implement(attributes as never, this.#factory(label, target, actions));
      if (made instanceof ArtifactReference) return made;
      return fail('BAD_RULE', `rule ${target.rule.name} gave no artifact`);
    } catch (error) {
      if (!(error instanceof Failure)) return ruleFailed(target, label, error);
      const location = error.diagnostic.location ?? target.location;
      throw new Failure({
        ...error.diagnostic,
        message: `${label}: ${error.diagnostic.message}`,
        ...(location ? { location } : {}),
      });
    }
  }

  /** Replaces parameters by values and targets by artifacts, through lists and plain objects. */
  #resolve(value: unknown, label: Label, dependencies: Set<AnalysedTarget>): unknown {
    if (isTarget(value)) {
      const analysed = this.target(value, `${label}.input${dependencies.size}` as Label);
      dependencies.add(analysed);
      return new ArtifactReference(value.kind, analysed.artifact.origin, analysed.artifact.path);
    }
    if (isParameter(value)) return this.#resolve(this.#valueOf(value), label, dependencies);
    if (Array.isArray(value)) return value.map((item) => this.#resolve(item, label, dependencies));
    if (isPlainObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, this.#resolve(item, label, dependencies)]),
      );
    return value;
  }

  #factory(label: Label, target: Target, into: ActionNode[]): Actions {
    const declare = (declared: Omit<ActionNode, 'ordinal' | 'target'>) => {
      const ordinal = into.filter(({ mnemonic }) => mnemonic === declared.mnemonic).length;
      const node: ActionNode = { ...declared, ordinal, target };
      into.push(node);
      return Object.fromEntries(
        Object.entries(node.outputs).map(([key, output]) => [key, produced(node, key, output)]),
      ) as never;
    };
    return {
      toolchain: (of) => this.target(of, `${label}.toolchain` as Label).artifact as unknown as Artifact<'Toolchain'>,
      write: (output, content) => {
        const made = declare({
          label,
          mnemonic: 'Write',
          work: { type: 'write', content },
          inputs: new Map(),
          toolchains: [],
          outputs: { output },
          needs: {},
          timeoutMs: DEFAULT_TIMEOUT_MS,
          reproducible: true,
        }) as Record<string, ArtifactReference>;
        return made['output'] as never;
      },
      compose: (kind, entries) =>
        new ArtifactReference(kind, { type: 'compose', entries: references(entries) }) as never,
      checksums: (kind, entries) =>
        new ArtifactReference(kind, { type: 'checksums', entries: references(entries) }) as never,
      run: ({ argv, env = {}, ...rest }) => declare({ ...common(label, rest), work: { type: 'run', argv, env } }),
      step: ({ module, args, hints = {}, ...rest }) => {
        const url = moduleUrl(module, rest.mnemonic, callSite()?.file);
        return declare({ ...common(label, rest), work: { type: 'step', module: url, args, hints } });
      },
      runnable: ({ module, args, hints = {}, network = false, ...rest }) => {
        const url = moduleUrl(module, rest.mnemonic, callSite()?.file);
        const work = { type: 'step', module: url, args, hints } as const;
        const outputs = { runnable: Runnable };
        const made = declare({ ...common(label, { ...rest, outputs }), work, runnable: { network } });
        return (made as Record<string, ArtifactReference>)['runnable'] as never;
      },
    };
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function produced(action: ActionNode, key: string, output: Output): ArtifactReference {
  return new ArtifactReference(output.kind, { type: 'action', action, output: key });
}

interface DeclaredAction {
  readonly mnemonic: string;
  readonly outputs: Outputs;
  readonly inputs?: Readonly<Record<string, Artifact>>;
  readonly toolchains?: readonly Artifact[];
  readonly needs?: ActionNode['needs'];
  readonly timeoutMs?: number;
  readonly reproducible?: boolean;
}

function common(label: Label, of: DeclaredAction): Omit<ActionNode, 'work' | 'ordinal' | 'target'> {
  return {
    label,
    mnemonic: of.mnemonic,
    inputs: references(of.inputs ?? {}),
    toolchains: [...references(Object.fromEntries((of.toolchains ?? []).entries())).values()],
    outputs: outputsOf(of.outputs),
    needs: of.needs ?? {},
    timeoutMs: timeoutOf(of),
    reproducible: of.reproducible ?? true,
  };
}

/** A kind alone is an output under the name that the rule has for it. */
function outputsOf(declared: Outputs): Readonly<Record<string, Output>> {
  const named = Object.entries(declared).map(([key, of]) => [key, 'shape' in of ? { name: key, kind: of } : of]);
  return Object.fromEntries(named) as Readonly<Record<string, Output>>;
}

/** Timers of Node take no more, and those that are asked for more end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

function timeoutOf({ mnemonic, timeoutMs = DEFAULT_TIMEOUT_MS }: DeclaredAction): number {
  if (Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  return fail(
    'BAD_RULE',
    `timeoutMs of ${mnemonic} is ${timeoutMs}, and must be a whole number from 1 to ${MAX_TIMEOUT_MS}`,
  );
}

function references(of: Readonly<Record<string, Artifact>>): Map<string, ArtifactReference> {
  return new Map(
    Object.entries(of).map(([name, artifact]) => {
      if (artifact instanceof ArtifactReference) return [name, artifact];
      return fail('BAD_RULE', `input '${name}' is not an artifact`);
    }),
  );
}

/** The artifact of a target whose rule is the engine's own. */
function engineArtifact(target: Target): ArtifactReference | undefined {
  const origin = engineOrigin(target);
  return origin && new ArtifactReference(target.kind, origin);
}

function engineOrigin({ rule, attributes }: Target): Origin | undefined {
  if (rule === sourceFileRule || rule === sourceFolderRule)
    return { type: 'source', ...(attributes as unknown as SourceAttributes) };
  if (rule === debianRule) return { type: 'debian', ...(attributes as unknown as DebianAttributes) };
  return undefined;
}

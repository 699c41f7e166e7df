/** The analysis phase: calls each rule once with resolved attributes and collects the actions that it declares. */
import {
  debianRule,
  sourceFileRule,
  sourceFolderRule,
  type DebianAttributes,
  type SourceAttributes,
} from '../model/builtin.ts';
import { fail, Failure, type Diagnostic } from '../model/diagnostic.ts';
import type { Label } from '../model/label.ts';
import { ruleOf, type Actions, type Artifact } from '../model/rule.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import { thrownAt } from '../model/thrown-at.ts';
import { isParameter, isTarget } from '../load/load.ts';
import type { ParameterValues } from '../load/parameters.ts';
import { ArtifactReference, type ActionNode, type AnalysedTarget, type Origin } from './action.ts';
import { checkAttributes } from './attributes.ts';
import { actionsInto } from './declare.ts';
import { isPlainObject, ruleCallOf } from './rule-call.ts';
import { isSameKind, withArticle } from './taken.ts';

/** Longer labels of targets without a name are cut. */
const LABEL_LENGTH = 160;

/** A target whose references are being analysed. */
interface Opened {
  readonly target: Target;
  readonly label: Label;
  readonly references: Iterator<readonly [Target, Label]>;
}

/** What the rule of a target has declared so far. */
interface Made {
  readonly actions: ActionNode[];
  /** With the targets that it brings along. */
  readonly dependencies: Set<AnalysedTarget>;
}

/** What a rule throws is a defect of that rule, unless it comes from nowhere but the engine. */
function ruleFailed({ rule, location: called }: Target, label: Label, error: unknown): never {
  const location = thrownAt(error) ?? (error instanceof Error ? undefined : called);
  if (!location) throw error;
  const message = error instanceof Error ? error.message : String(error);
  return fail('RULE_FAILED', `${label}: rule ${rule.name} threw: ${message}`, { location, hint: 'dsmb check' });
}

/** What a rule has made, which is what it says that it makes. */
function madeBy({ rule, kind }: Target, made: Artifact): ArtifactReference {
  const bad = (what: string): never =>
    fail('BAD_RULE', `rule ${rule.name} ${what}`, rule.location ? { location: rule.location } : {});
  if (!(made instanceof ArtifactReference)) return bad('returned no artifact');
  return isSameKind(made.kind, kind)
    ? made
    : bad(`makes ${withArticle(kind.name)}, but returned ${withArticle(made.kind.name)}`);
}

/** Of what a rule refuses, the call in the build file; of what it declares wrongly, its own line and the call. */
function placesOf(error: Failure, { location: called }: Target): Pick<Diagnostic, 'location' | 'related'> {
  const { code, location } = error.diagnostic;
  const declared = location ?? (code === 'BAD_RULE' ? thrownAt(error) : undefined);
  if (!declared) return called ? { location: called } : {};
  const related = called && code === 'BAD_RULE' ? { message: 'the rule is called here', location: called } : undefined;
  return { location: declared, ...(related ? { related } : {}) };
}

/** Turns targets into actions. Each target is analysed once, however many refer to it. */
export class Analysis {
  readonly #labels: ReadonlyMap<Target, Label>;
  readonly #parameters: ParameterValues;
  readonly #done = new Map<Target, AnalysedTarget>();
  readonly #targets = new Map<ActionNode, Target>();
  readonly #open = new Set<Target>();
  #deep = 0;

  constructor(labels: ReadonlyMap<Target, Label>, parameters: ParameterValues) {
    this.#labels = labels;
    this.#parameters = parameters;
  }

  /** Analyses a target and all that it refers to: these first, and not by recursion, since a chain may be long. */
  target(target: Target, fallback = '//anonymous' as Label): AnalysedTarget {
    const open = this.#done.has(target) ? [] : [this.#enter(target, fallback)];
    try {
      this.#finish(open);
    } catch (error) {
      // What has failed is not under way: `dsmb check` goes on with other targets.
      for (const one of open) this.#open.delete(one.target);
      throw error;
    }
    return this.#done.get(target)!;
  }

  #finish(open: Opened[]): void {
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
  }

  /** The target that an action was analysed for. */
  targetOf(action: ActionNode): Target {
    return this.#targets.get(action)!;
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
    const names = new Map<string, Target>();
    for (const [input, path] of this.#targetsIn(target.attributes)) {
      let name = path;
      for (let again = 2; (names.get(name) ?? input) !== input; again++) name = `${path}_${again}`;
      names.set(name, input);
      yield [input, `${label}.${name}` as Label];
    }
    for (const [index, one] of target.validations.entries()) yield [one, `${label}.validations${index}` as Label];
  }

  /** Each with the names that lead to it: `config`, `layers5`, `files.etc_motd`. */
  *#targetsIn(value: unknown, path = ''): Generator<readonly [Target, string]> {
    if (isTarget(value)) yield [value, path];
    else if (isParameter(value)) yield* this.#targetsIn(this.#valueOf(value), path);
    else if (Array.isArray(value))
      for (const [index, item] of value.entries()) yield* this.#targetsIn(item, `${path}${index}`);
    else if (isPlainObject(value))
      for (const [key, item] of Object.entries(value))
        yield* this.#targetsIn(item, `${path}${path && '.'}${key.replaceAll(/\W+/g, '_')}`);
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
      this.#implement(target, label, this.#resolve(target.attributes, dependencies), { actions, dependencies });
    for (const action of actions) this.#targets.set(action, target);
    const validations = target.validations.map((one, index) =>
      this.target(one, `${label}.validations${index}` as Label),
    );
    return { label, artifact, actions, validations, dependencies: [...dependencies] };
  }

  #implement(target: Target, label: Label, attributes: unknown, made: Made): ArtifactReference {
    try {
      return madeBy(target, ruleOf(target).implement(attributes as never, this.#actions(label, target, made)));
    } catch (error) {
      if (!(error instanceof Failure)) return ruleFailed(target, label, error);
      const { message } = error.diagnostic;
      throw new Failure({ ...error.diagnostic, ...placesOf(error, target), message: `${label}: ${message}` });
    }
  }

  #actions(label: Label, target: Target, { actions, dependencies }: Made): Actions {
    let count = 0;
    const own = (of: Target, fallback: string): ArtifactReference => {
      const analysed = this.target(of, fallback as Label);
      dependencies.add(analysed);
      return analysed.artifact;
    };
    const call = ruleCallOf(target, (other) => this.#done.get(other)?.label);
    return actionsInto(actions, label, call, {
      toolchain: (of) => own(of, `${label}.toolchain`),
      target: (of) => own(of, `${label}.own${count++}`),
    });
  }

  /** Replaces parameters by values and targets by artifacts, through lists and plain objects. */
  #resolve(value: unknown, dependencies: Set<AnalysedTarget>): unknown {
    if (isTarget(value)) {
      // It was analysed before, under its label.
      const analysed = this.target(value);
      dependencies.add(analysed);
      return new ArtifactReference(value.kind, analysed.artifact.origin, analysed.artifact.path);
    }
    if (isParameter(value)) return this.#resolve(this.#valueOf(value), dependencies);
    if (Array.isArray(value)) return value.map((item) => this.#resolve(item, dependencies));
    if (isPlainObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#resolve(item, dependencies)]));
    return value;
  }
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

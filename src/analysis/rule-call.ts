/** What messages about an action say of the call of its rule, as plain data. */
import { debianRule, sourceFileRule, sourceFolderRule, type SourceAttributes } from '../model/builtin.ts';
import type { Location } from '../model/diagnostic.ts';
import type { Label } from '../model/label.ts';
import type { Target } from '../model/target.ts';
import { isTarget } from '../load/load.ts';

/** The call of a rule in a build file. */
export interface RuleCall {
  /** The name of the rule. */
  readonly rule: string;
  readonly location?: Location;
  /** The names of the attributes that are given. */
  readonly attributes: readonly string[];
  /** Sources that are written in the call, by the path of their attribute: `of`, `files[0].path`. */
  readonly sources: readonly (readonly [attribute: string, source: SourceAttributes])[];
  /** Those that are lists with targets that rules make, with the labels of these. */
  readonly lists: readonly (readonly [attribute: string, made: readonly Label[]])[];
}

/** The call that made a target. What is in its attributes is looked for when somebody asks: few messages need it. */
export function ruleCallOf(target: Target, labelOf: (target: Target) => Label | undefined): RuleCall {
  const { rule, location, attributes } = target;
  return {
    rule: rule.name,
    ...(location ? { location } : {}),
    attributes: Object.keys(attributes),
    get sources() {
      return sourcesIn(target);
    },
    get lists() {
      return Object.entries(attributes).flatMap(([name, value]) => {
        const made = (Array.isArray(value) ? value : []).filter(isMade).flatMap((one) => labelOf(one) ?? []);
        return made.length > 0 ? [[name, made] as const] : [];
      });
    },
  };
}

/** The sources that are written in a rule's call, by the path of their attribute. */
function sourcesIn(target: Target): [attribute: string, source: SourceAttributes][] {
  const found: [string, SourceAttributes][] = [];
  const visit = (value: unknown, path: string): void => {
    if (isTarget(value)) {
      if (isSource(value)) found.push([path, value.attributes as unknown as SourceAttributes]);
    } else if (Array.isArray(value)) value.forEach((item, index) => visit(item, `${path}[${index}]`));
    else if (isPlainObject(value))
      for (const [key, item] of Object.entries(value)) visit(item, path === '' ? key : `${path}.${key}`);
  };
  visit(target.attributes, '');
  return found;
}

function isMade(value: unknown): value is Target {
  return isTarget(value) && !isSource(value) && value.rule !== debianRule;
}

export function isSource({ rule }: Target): boolean {
  return rule === sourceFileRule || rule === sourceFolderRule;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

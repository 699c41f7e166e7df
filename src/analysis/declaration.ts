/** What the build file says about a target, as plain data: for explanations of why a key changed. It is in no key. */
import type { SourceAttributes } from '../model/builtin.ts';
import type { Location } from '../model/diagnostic.ts';
import type { Label } from '../model/label.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import { isParameter, isTarget } from '../load/load.ts';
import type { ParameterValues } from '../load/parameters.ts';
import { isPlainObject, isSource } from './rule-call.ts';

/** One plain value of an attribute, as JSON or as the name of a target, and the parameter that it came from. */
export interface DeclaredValue {
  readonly value: string;
  readonly parameter?: string;
}

export interface Declaration {
  readonly rule: string;
  /** Of the rule's call. */
  readonly location?: Location;
  /** By path: `by`, `files[0].path`. */
  readonly attributes: Readonly<Record<string, DeclaredValue>>;
}

/** What is needed to name things. */
export interface Names {
  readonly labels: ReadonlyMap<Target, Label>;
  readonly parameters: ReadonlyMap<string, Parameter | FileParameter>;
}

/** The declaration of a target, with the values that parameters have now. */
export function declarationOf(target: Target, names: Names, values: ParameterValues): Declaration {
  const parameterNames = new Map(
    [...names.parameters].map(([name, one]) => [one.type === 'target' ? one.parameter : one, name]),
  );
  const attributes: Record<string, DeclaredValue> = {};
  const valueOf = (parameter: Parameter): unknown =>
    values.has(parameter) ? values.get(parameter) : parameter.default;
  const visit = (value: unknown, path: string, from?: string): void => {
    if (value === undefined) return;
    if (isParameter(value)) return visit(valueOf(value), path, parameterNames.get(value));
    const parameter = from === undefined ? {} : { parameter: from };
    if (isTarget(value)) {
      if (!('parameter' in value)) attributes[path] = { value: nameOf(value, names), ...parameter };
      else
        visit(
          valueOf((value as FileParameter).parameter),
          path,
          parameterNames.get((value as FileParameter).parameter),
        );
    } else if (Array.isArray(value) && value.length > 0) {
      for (const [index, item] of value.entries()) visit(item, `${path}[${index}]`, from);
    } else if (isPlainObject(value) && Object.keys(value).length > 0) {
      for (const [key, item] of Object.entries(value)) visit(item, path === '' ? key : `${path}.${key}`, from);
    } else {
      attributes[path] = { value: JSON.stringify(value) ?? typeof value, ...parameter };
    }
  };
  visit(target.attributes, '');
  return { rule: target.rule.name, ...(target.location ? { location: target.location } : {}), attributes };
}

function nameOf(target: Target, { labels }: Names): string {
  const label = labels.get(target);
  if (label) return label;
  if (!isSource(target)) return `${target.rule.name}(…)`;
  return `${target.rule.name}(${JSON.stringify((target.attributes as unknown as SourceAttributes).written)})`;
}

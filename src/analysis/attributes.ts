/** Whether a build file gives a rule what it takes: a target of another kind above all, which may build and be wrong. */
import { isTarget } from '../load/load.ts';
import { nearest } from '../load/nearest.ts';
import { isKind, type AttributeTypes } from '../model/attribute.ts';
import { fail, type Diagnostic } from '../model/diagnostic.ts';
import type { Label } from '../model/label.ts';
import { ruleOf } from '../model/rule.ts';
import type { Parameter, Target } from '../model/target.ts';
import { describe, misfitIn, misfitOf, withArticle, type Misfit } from './taken.ts';

/** What is known while attributes are looked at. */
interface Known {
  readonly labels: ReadonlyMap<Target, Label>;
  readonly valueOf: (parameter: Parameter) => unknown;
}

/** Fails at the first attribute of a target that is not what its rule takes. */
export function checkAttributes(target: Target, label: Label, known: Known): void {
  const { location } = target;
  const { attributes: types } = ruleOf(target);
  if (!types) return;
  const problem = unknownAttribute(target, types) ?? wrongAttribute(target, types, known);
  if (!problem) return;
  const { code, message, ...more } = problem;
  fail(code, `${label}: ${message}`, { ...(location ? { location } : {}), ...more });
}

function unknownAttribute({ rule, attributes }: Target, types: AttributeTypes): Diagnostic | undefined {
  const name = Object.keys(attributes).find((one) => !Object.hasOwn(types, one));
  if (name === undefined) return undefined;
  const close = nearest(name, Object.keys(types));
  return {
    code: 'BAD_ATTRIBUTE',
    message: `${rule.name} has no attribute \`${name}\``,
    attribute: name,
    hint: close ? `did you mean ${close}?` : `it has: ${Object.keys(types).join(', ') || 'none'}`,
  };
}

function wrongAttribute({ attributes }: Target, types: AttributeTypes, known: Known): Diagnostic | undefined {
  const misfit = misfitIn(types, attributes, '', known.valueOf);
  if (!misfit) return undefined;
  const { path: attribute, value, taken } = misfit;
  if (isTarget(value)) return wrongTarget(misfit, value, known, swapHint(misfit, attributes, types, known));
  const is = value === undefined ? 'is missing' : `is ${brief(value)}`;
  const hint = typeof value === 'string' && isKind(taken) ? { hint: sourceHint(value, taken.shape) } : {};
  return { code: 'BAD_ATTRIBUTE', message: `\`${attribute}\` ${is}; it takes ${describe(taken)}`, attribute, ...hint };
}

function wrongTarget({ path, taken }: Misfit, value: Target, { labels }: Known, hint: object): Diagnostic {
  const name = labels.get(value) ?? 'its target';
  return {
    code: 'WRONG_KIND',
    message: `\`${path}\` takes ${describe(taken)}, but ${name} is ${withArticle(value.kind.name)}`,
    attribute: path,
    ...(value.location ? { related: { message: `${name} is declared here`, location: value.location } } : {}),
    ...hint,
  };
}

/** Two attributes, each of which has what the other takes. */
function swapHint(
  { path, value, taken }: Misfit,
  attributes: Target['attributes'],
  types: AttributeTypes,
  known: Known,
) {
  const fits = (type: typeof taken, given: unknown): boolean => !misfitOf(type, given, '', known.valueOf);
  const other = Object.keys(types).find((name) => fits(types[name]!, value) && fits(taken, attributes[name]));
  return other === undefined ? {} : { hint: `swap \`${path}\` and \`${other}\`` };
}

function brief(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function sourceHint(path: string, shape: 'file' | 'folder'): string {
  return `a source is a target, too: ${shape}(${JSON.stringify(path)})`;
}

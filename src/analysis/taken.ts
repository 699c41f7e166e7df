/** What an attribute takes: in words, and whether a value is that. */
import { isParameter, isTarget } from '../load/load.ts';
import { isKind, type AttributeTypes, type Taken } from '../model/attribute.ts';
import type { Kind } from '../model/kind.ts';
import type { Parameter } from '../model/target.ts';

/** A value that is not what is taken, and its path: `of`, `files[0].path`. */
export interface Misfit {
  readonly path: string;
  readonly value: unknown;
  readonly taken: Taken;
}

type ValueOf = (parameter: Parameter) => unknown;

/** The first part of a value that is not what is taken there. */
export function misfitOf(taken: Taken, value: unknown, path: string, valueOf: ValueOf): Misfit | undefined {
  if (isParameter(value)) return misfitOf(taken, valueOf(value), path, valueOf);
  const unless = (fits: boolean): Misfit | undefined => (fits ? undefined : { path, value, taken });
  if (isKind(taken)) return unless(isTarget(value) && isSameKind(value.kind, taken));
  switch (taken.type) {
    case 'data':
      return undefined;
    case 'target':
      return unless(isTarget(value));
    case 'integer':
      return unless(Number.isInteger(value));
    case 'string':
    case 'number':
    case 'boolean':
      return unless(typeof value === taken.type);
    case 'choice':
      return unless(taken.choices.some((one) => one === value));
    case 'oneOf':
      return unless(taken.of.some((one) => !misfitOf(one, value, path, valueOf)));
    case 'optional':
      return value === undefined ? undefined : misfitOf(taken.of, value, path, valueOf);
    case 'list':
      if (!Array.isArray(value)) return unless(false);
      return firstOf(value.entries(), ([index, item]) => misfitOf(taken.of, item, `${path}[${index}]`, valueOf));
    case 'record':
      if (!isMembers(value)) return unless(false);
      return firstOf(Object.entries(value), ([key, item]) => misfitOf(taken.of, item, `${path}.${key}`, valueOf));
    case 'object':
      return isMembers(value) ? misfitIn(taken.of, value, `${path}.`, valueOf) : unless(false);
  }
}

/** The first member that is not what is taken; one that is not known at all is not looked for. */
export function misfitIn(
  types: AttributeTypes,
  values: Readonly<Record<string, unknown>>,
  prefix: string,
  valueOf: ValueOf,
): Misfit | undefined {
  return firstOf(Object.entries(types), ([name, one]) => misfitOf(one, values[name], `${prefix}${name}`, valueOf));
}

/** As the compiler has it: kinds of one name are one kind, whoever declares them. */
export function isSameKind(a: Kind, b: Kind): boolean {
  return a.name === b.name && a.shape === b.shape;
}

/** What is taken, in words: `a Disk or a BootImage`. */
export function describe(taken: Taken): string {
  if (isKind(taken)) return withArticle(taken.name);
  switch (taken.type) {
    case 'data':
      return 'plain data';
    case 'target':
      return 'a target';
    case 'string':
      return 'a text';
    case 'number':
      return 'a number';
    case 'integer':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${taken.choices.join(', ')}`;
    case 'oneOf':
      return alternatives(taken.of.map(describe));
    case 'optional':
      return describe(taken.of);
    case 'list':
      return 'a list';
    case 'record':
    case 'object':
      return 'an object';
  }
}

export function withArticle(noun: string): string {
  return `${/^[AEIOU]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isTarget(value);
}

function firstOf<Item>(items: Iterable<Item>, misfit: (item: Item) => Misfit | undefined): Misfit | undefined {
  for (const item of items) {
    const found = misfit(item);
    if (found) return found;
  }
  return undefined;
}

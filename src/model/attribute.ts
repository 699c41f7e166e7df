/** What the attributes of a rule take, as data: the engine checks it, and the type of the rule's function follows from it. */
import type { Kind } from './kind.ts';
import type { Target, Value } from './target.ts';

declare const given: unique symbol;

/** What an attribute takes; `Given` is what a build file writes there. Made by `attr`; a kind stands for its targets. */
export type AttributeType<Given = unknown> = TypeData & { readonly [given]: Given };

/** What an attribute takes: a target of a kind, or something else. */
export type Taken = Kind | AttributeType;

/** The attributes of a rule, by name. */
export type AttributeTypes = Readonly<Record<string, Taken>>;

type TypeData =
  | { readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'target' | 'data' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  | { readonly type: 'oneOf'; readonly of: readonly Taken[] }
  | { readonly type: 'list' | 'record' | 'optional'; readonly of: Taken }
  | { readonly type: 'object'; readonly of: AttributeTypes };

/** An attribute that may be left out. */
export type OptionalType<Given = unknown> = AttributeType<Given> & { readonly type: 'optional' };

/** What a build file writes for an attribute. */
export type Given<Type> =
  Type extends Kind<infer Name> ? Target<Name> : Type extends AttributeType<infer Of> ? Of : never;

/** What a build file writes for all attributes. */
export type GivenAttributes<Types> = Flat<
  { readonly [Name in keyof Types as Types[Name] extends OptionalType ? never : Name]: Given<Types[Name]> } & {
    readonly [Name in keyof Types as Types[Name] extends OptionalType ? Name : never]?: Given<Types[Name]>;
  }
>;

/** One object, as an editor should show it. */
type Flat<T> = { [Key in keyof T]: T[Key] };

const make = <Given>(data: TypeData): AttributeType<Given> => data as AttributeType<Given>;

/** What attributes take beside targets of one kind. Where a value stands, a parameter may stand, too. */
export const attr = {
  /** Any text. */
  string: make<Value<string>>({ type: 'string' }),
  /** Any number. */
  number: make<Value<number>>({ type: 'number' }),
  /** A whole number. */
  integer: make<Value<number>>({ type: 'integer' }),
  /** `true` or `false`. */
  boolean: make<Value<boolean>>({ type: 'boolean' }),
  /** One of a few words. */
  choice: <const Choice extends string>(choices: readonly Choice[]) => make<Value<Choice>>({ type: 'choice', choices }),
  /** A target of any kind. */
  target: make<Target>({ type: 'target' }),
  /** Any of these. */
  oneOf: <const Types extends readonly Taken[]>(...of: Types) => make<Given<Types[number]>>({ type: 'oneOf', of }),
  /** A list of these. */
  list: <Type extends Taken>(of: Type) => make<readonly Given<Type>[]>({ type: 'list', of }),
  /** An object whose members are all of this type, whatever their names. */
  record: <Type extends Taken>(of: Type) => make<Readonly<Record<string, Given<Type>>>>({ type: 'record', of }),
  /** An object with these members. */
  object: <const Types extends AttributeTypes>(of: Types) => make<GivenAttributes<Types>>({ type: 'object', of }),
  /** May be left out. */
  optional: <Type extends Taken>(of: Type) => make<Given<Type>>({ type: 'optional', of }) as OptionalType<Given<Type>>,
  /** Plain data, or whatever its type says. The engine does not look into it, so its targets may be of any kind. */
  data: <Given>() => make<Given>({ type: 'data' }),
};

/** Whether a rule can say this of an attribute. */
export function isTaken(value: unknown): value is Taken {
  return typeof value === 'object' && value !== null && ('shape' in value || 'type' in value);
}

export function isKind(taken: Taken): taken is Kind {
  return 'shape' in taken;
}

/** What the attribute of a rule's call takes, as the type checker knows it. Loads TypeScript. */
import { ts, type Project } from 'ts-morph';
import type { Location } from '../model/diagnostic.ts';
import { attributesOf } from './source.ts';

/** What stands at a path of a call's attributes. */
export type AttributeType =
  | { readonly found: true; readonly type: string; readonly choices: readonly string[] }
  /** The name in the path that there is not, and those that there are in its place. */
  | { readonly found: false; readonly name: string; readonly known: readonly string[] };

/** The type at a path (`a.b[0]`) of the call at a position; undefined where it is not told by types. */
export function attributeType(project: Project, call: Location, path: string): AttributeType | undefined {
  const attributes = attributesOf(project.getSourceFileOrThrow(call.file), call);
  const checker = project.getTypeChecker().compilerObject;
  let types = attributes ? plainTypes(checker, checker.getContextualType(attributes.compilerNode)) : [];
  for (const name of path.match(/[^.[\]]+/g) ?? []) {
    if (types.length === 0 || types.some(({ flags }) => flags & ts.TypeFlags.Any)) return undefined;
    const below = types.flatMap((type) => plainTypes(checker, typeBelow(checker, type, name)));
    if (below.length === 0) return { found: false, name, known: namesIn(types) };
    types = below;
  }
  if (types.length === 0) return undefined;
  const choices = types.flatMap((type) => (type.isStringLiteral() ? [type.value] : []));
  return { found: true, type: describe(checker, types), choices };
}

/** A value may be given by a parameter and may be left out; neither is what a user types. */
function plainTypes(checker: ts.TypeChecker, type: ts.Type | undefined): ts.Type[] {
  if (!type) return [];
  const given = checker.getNonNullableType(type);
  const types = given.isUnion() ? given.types : [given];
  return types.filter((one) => one.getSymbol()?.getName() !== 'Parameter');
}

function typeBelow(checker: ts.TypeChecker, type: ts.Type, name: string): ts.Type | undefined {
  if (/^\d+$/.test(name)) return checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  const property = checker.getPropertyOfType(type, name);
  return property ? checker.getTypeOfSymbol(property) : checker.getIndexTypeOfType(type, ts.IndexKind.String);
}

function namesIn(types: readonly ts.Type[]): string[] {
  const objects = types.filter(({ flags }) => flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection));
  return [...new Set(objects.flatMap((type) => type.getProperties().map((one) => one.getName())))];
}

function describe(checker: ts.TypeChecker, types: readonly ts.Type[]): string {
  const texts = types.map((type) => textOf(checker, type));
  return [...new Set(texts)].join(' | ').replace(/\b(false \| true|true \| false)\b/, 'boolean');
}

/** The name of an interface alone would tell nothing, but for targets. */
function textOf(checker: ts.TypeChecker, type: ts.Type): string {
  const flags: ts.TypeFormatFlags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
  const text = checker.typeToString(type, undefined, flags).replaceAll('readonly ', '');
  if (!type.isClassOrInterface() || text.startsWith('Target')) return text;
  return `${text} { ${namesIn([type]).join(', ')} }`;
}

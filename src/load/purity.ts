/** What a build file must not do: read the clock, the machine, the network, chance. Found in its text; nothing runs. */
import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import { ts } from 'ts-morph';
import type { Diagnostic } from '../model/diagnostic.ts';
import { HIDING, HOLDERS, IMPURE, insteadOfModule, type Impure } from './impure.ts';

const BY_PATH = new Map([...IMPURE, ...HIDING].map((one) => [one.path, one]));

/** Methods of objects, by name: what an object is, its text does not tell. `toString` is a method of all. */
const METHODS = new Map(
  // Of several of one name the first counts.
  IMPURE.toReversed().flatMap((one) => {
    const [, name] = /\.prototype\.(\w+)$/.exec(one.path) ?? [];
    return name === undefined || name === 'toString' ? [] : [[name, one] as const];
  }),
);

/** Impure code in build files and in the modules that they run by relative imports; steps are not run by them. */
export function impurities(buildFiles: readonly string[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const files = new Set(buildFiles);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
    const checker = new FileChecker(source, found);
    checker.visit(source);
    for (const name of checker.imports) {
      const path = resolve(dirname(file), name);
      if (/^\.\.?\//.test(name) && statSync(path, { throwIfNoEntry: false })?.isFile()) files.add(path);
    }
  }
  return found;
}

class FileChecker {
  /** What is imported for more than its types. */
  readonly imports: string[] = [];
  readonly #source: ts.SourceFile;
  readonly #found: Diagnostic[];
  readonly #declared: ReadonlySet<string>;

  constructor(source: ts.SourceFile, found: Diagnostic[]) {
    this.#source = source;
    this.#found = found;
    this.#declared = declaredNames(source);
  }

  visit(node: ts.Node): void {
    if (ts.isTypeNode(node)) return;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return this.#import(node);
    if (isAccess(node) && this.#access(node)) return;
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && !namesStep(node)) {
      const [name] = node.arguments;
      if (name && ts.isStringLiteral(name)) this.#module(name);
    }
    if (ts.isIdentifier(node) && isRead(node)) this.#name(node);
    ts.forEachChild(node, (child) => this.visit(child));
  }

  #import(node: ts.ImportDeclaration | ts.ExportDeclaration): void {
    const { moduleSpecifier } = node;
    const typeOnly = ts.isImportDeclaration(node)
      ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : node.isTypeOnly;
    if (!typeOnly && moduleSpecifier && ts.isStringLiteral(moduleSpecifier)) this.#module(moduleSpecifier);
  }

  #module(specifier: ts.StringLiteral): void {
    const { text } = specifier;
    this.imports.push(text);
    const instead = isBuiltin(text) ? insteadOfModule(text) : undefined;
    if (instead !== undefined) this.#report(specifier, text, instead);
  }

  /** Whether all of it was looked at. */
  #access(node: Access): boolean {
    const chain = chainOf(node);
    if (!chain || this.#declared.has(chain[0]!)) return this.#method(node);
    // `globalThis.Date.now` is `Date.now`.
    const first = chain.findIndex((name) => name !== 'globalThis' && name !== 'global');
    const names = first < 0 ? [] : chain.slice(first);
    const found = [3, 2, 1].flatMap((length) => BY_PATH.get(shown(names.slice(0, length))) ?? [])[0];
    if (!found) return this.#method(node);
    const length = first + found.path.split('.').length;
    // `Date.UTC` is no use of `Date` as a function.
    if (found.pureGiven && (length < chain.length || isPureCall(node, found))) return false;
    this.#report(
      node,
      shown(chain.slice(0, found.path.includes('.') || first > 0 ? length : length + 1)),
      found.instead,
    );
    return true;
  }

  #method(node: Access): boolean {
    const name = nameOf(node);
    const found = name === undefined ? undefined : METHODS.get(name);
    if (found && !(found.pureGiven && isPureCall(node, found))) this.#report(node, name!, found.instead);
    else if (name === undefined && ts.isIdentifier(node.expression) && this.#isHolder(node.expression))
      this.#report(node, `${node.expression.text}[…]`, 'name what it takes, as in Math.max');
    return false;
  }

  #isHolder(node: ts.Identifier): boolean {
    return HOLDERS.has(node.text) && !this.#declared.has(node.text);
  }

  #name(node: ts.Identifier): void {
    const found = this.#declared.has(node.text) ? undefined : BY_PATH.get(node.text);
    const { parent } = node;
    if (isTypeTest(node)) return;
    const isHarmless = isAccess(parent) && parent.expression === node;
    if (found?.pureGiven) {
      if (isHarmless || isPureCall(node, found)) return;
      const call = callOf(node);
      this.#report(node, call ? `${ts.isNewExpression(call) ? 'new ' : ''}${node.text}()` : node.text, found.instead);
    } else if (found) this.#report(node, node.text, found.instead);
    else if (this.#isHolder(node) && !isHarmless)
      this.#report(node, `${node.text} as a whole`, 'name what it takes, as in Math.max');
  }

  #report(node: ts.Node, what: string, hint: string): void {
    const { line, character } = this.#source.getLineAndCharacterOfPosition(node.getStart(this.#source));
    this.#found.push({
      code: 'IMPURE',
      message: `a build file may not use ${what}: its targets would depend on something that is in no key`,
      hint,
      location: { file: this.#source.fileName, line: line + 1, column: character + 1 },
    });
  }
}

/** `() => import('./x.step.ts')` names the module of a step, and runs nothing. */
function namesStep({ parent, arguments: [name] }: ts.CallExpression): boolean {
  return ts.isArrowFunction(parent) && name !== undefined && ts.isStringLiteral(name) && name.text.startsWith('.');
}

/** Names that the file gives a meaning of its own, anywhere in it. */
function declaredNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const { name } = node as Partial<ts.NamedDeclaration>;
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isImportClause(node) ||
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node);
    if (declares && name && ts.isIdentifier(name)) names.add(name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

type Access = ts.PropertyAccessExpression | ts.ElementAccessExpression;

function isAccess(node: ts.Node): node is Access {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}

/** The name that is taken; undefined where it is computed. */
function nameOf(node: Access): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined;
}

/** `a.b['c']` as its names; undefined where it does not begin with a name. */
function chainOf(node: ts.Node): string[] | undefined {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isMetaProperty(node)) return ['import', 'meta'];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
    return chainOf(node.expression);
  if (!isAccess(node)) return undefined;
  const [before, name] = [chainOf(node.expression), nameOf(node)];
  return before && name !== undefined ? [...before, name] : undefined;
}

function shown(names: readonly string[]): string {
  return names.join('.');
}

/** The call of a function that is written out. */
function callOf(node: ts.Expression): ts.CallExpression | ts.NewExpression | undefined {
  const { parent } = node;
  if (ts.isParenthesizedExpression(parent)) return callOf(parent);
  return (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === node ? parent : undefined;
}

function isPureCall(node: ts.Expression, { path, pureGiven }: Impure): boolean {
  const call = callOf(node);
  if (!call || !pureGiven || (path === 'Date' && !ts.isNewExpression(call))) return false;
  const args = call.arguments ?? ([] as readonly ts.Expression[]);
  if (args.some(ts.isSpreadElement)) return false;
  const isGiven = (one: ts.Expression): boolean => !(ts.isIdentifier(one) && one.text === 'undefined');
  return (
    args.length >= pureGiven.least && args.length <= pureGiven.most && args.slice(0, pureGiven.least).every(isGiven)
  );
}

/** `x instanceof Date`, `typeof Math`. */
function isTypeTest(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isTypeOfExpression(parent)) return true;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
}

/** Not the name of a member, a property or a declaration. */
function isRead(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent) && parent.propertyName === node) return false;
  return (parent as Partial<ts.NamedDeclaration>).name !== node;
}

/** What a build file must not do: read the clock, the machine, the network, chance. Found in its text; nothing runs. */
import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import { ts } from 'ts-morph';
import type { Diagnostic } from '../model/diagnostic.ts';

/** Modules of Node that compute and nothing else. */
const PURE_MODULES = new Set(['assert', 'buffer', 'path', 'querystring', 'string_decoder', 'url', 'util']);

const SOURCES = "name sources with file('…') and folder('…'); a step may read them";
const PARAMETERS = 'declare a parameter: param.string({ default, doc }), set with --set';
const STEPS = 'do it in a step: an action runs when its inputs change';
const CHANCE = 'write a fixed value, or declare a parameter';

/** What a module is used for, and what to do instead. */
const MODULE_HINTS: Readonly<Record<string, string>> = { fs: SOURCES, os: PARAMETERS, process: PARAMETERS };

/** Names of the global object that tell something that a key does not have. */
const GLOBALS: Readonly<Record<string, string>> = {
  process: PARAMETERS,
  navigator: PARAMETERS,
  performance: CHANCE,
  crypto: CHANCE,
  fetch: "fetch it in a target: debianPackages('…'), or a file beside the build file",
  WebSocket: STEPS,
  EventSource: STEPS,
  XMLHttpRequest: STEPS,
  setTimeout: STEPS,
  setInterval: STEPS,
  setImmediate: STEPS,
  require: 'use import',
};

/** Members of global objects that are otherwise harmless. */
const MEMBERS: Readonly<Record<string, string>> = {
  'Date.now': CHANCE,
  'Math.random': CHANCE,
  'Temporal.Now': CHANCE,
  'globalThis.process': PARAMETERS,
  'globalThis.fetch': STEPS,
  'import.meta.env': PARAMETERS,
};

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
    if (ts.isPropertyAccessExpression(node) && this.#member(node)) return;
    if (ts.isNewExpression(node) && (node.arguments?.length ?? 0) === 0) this.#now(node, 'new Date()');
    if (ts.isCallExpression(node)) this.#now(node, 'Date()');
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [name] = node.arguments;
      if (name && ts.isStringLiteral(name) && !namesStep(node)) this.#module(name);
    }
    if (ts.isIdentifier(node) && isRead(node)) this.#global(node);
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
    const [name = ''] = text.replace(/^node:/, '').split('/');
    if (isBuiltin(text) && !PURE_MODULES.has(name)) this.#report(specifier, text, MODULE_HINTS[name] ?? STEPS);
  }

  #member(node: ts.PropertyAccessExpression): boolean {
    const name = node.getText(this.#source).replaceAll(/\s/g, '');
    const [first = ''] = name.split('.');
    const hint = this.#declared.has(first) ? undefined : MEMBERS[name];
    if (hint !== undefined) this.#report(node, name, hint);
    return hint !== undefined;
  }

  #global(node: ts.Identifier): void {
    const hint = this.#declared.has(node.text) || !Object.hasOwn(GLOBALS, node.text) ? undefined : GLOBALS[node.text];
    if (hint === undefined) return;
    const { parent } = node;
    const whole = ts.isPropertyAccessExpression(parent) && parent.expression === node ? parent : node;
    this.#report(node, whole.getText(this.#source), hint);
  }

  /** The date without an argument is that of now. */
  #now({ expression }: ts.NewExpression | ts.CallExpression, name: string): void {
    if (ts.isIdentifier(expression) && expression.text === 'Date' && !this.#declared.has('Date'))
      this.#report(expression, name, CHANCE);
  }

  #report(node: ts.Node, what: string, hint: string): void {
    const { line, character } = this.#source.getLineAndCharacterOfPosition(node.getStart(this.#source));
    this.#found.push({
      code: 'IMPURE',
      message: `a build file may not use ${what}: its targets would depend on what no key has`,
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

/** Not the name of a member, a property or a declaration. */
function isRead(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return !(ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent) || ts.isImportSpecifier(parent));
}

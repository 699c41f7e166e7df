/** Changes the value of an attribute where it is written in a build file. All else keeps its bytes. Loads ts-morph. */
import { readFileSync } from 'node:fs';
import {
  Node,
  Project,
  SyntaxKind,
  type ArrayLiteralExpression,
  type ObjectLiteralExpression,
  type SourceFile,
} from 'ts-morph';
import { fail, type Location } from '../model/diagnostic.ts';
import { literal, quoted, replaceIn, type Replacement } from './edit-text.ts';
import { nearest } from './nearest.ts';
import { attributesOf } from './source.ts';

/** What is to become of a value: another one, or one element more or less. */
export interface Change {
  readonly operator: '=' | '+=' | '-=';
  /** As the user typed it. */
  readonly text: string;
}

/** An edit of one file, ready to be written. */
export interface Edit {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** Where the value is written; for one that is not yet, where the call is. */
  readonly location: Location;
}

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Edits the attribute at a path (`a.b[0]`) of the call at a position. One that is not written yet is added. Where it
 * stands for one of the parameters, the message says so.
 */
export function editAttribute(
  call: Location,
  path: string,
  change: Change,
  parameters: ReadonlySet<string> = new Set(),
): Edit {
  const before = readFileSync(call.file, 'utf8');
  const mark = before.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const text = before.slice(mark.length);
  const project = new Project({ useInMemoryFileSystem: true, skipFileDependencyResolution: true });
  const source = project.createSourceFile('/build.dsm.ts', text);
  const attributes =
    attributesOf(source, call) ??
    fail('NOT_WRITTEN_OUT', 'the attributes are not written out in the call', {
      location: call,
      hint: 'write them as an object literal, or edit the file',
    });
  const editor = new Editor(source, call.file, parameters);
  const replacement = editor.edit(attributes, path.match(/[^.[\]]+/g) ?? [], change);
  const isNew = replacement.start === replacement.end;
  const location = isNew ? call : { file: call.file, ...source.getLineAndColumnAtPos(replacement.start) };
  const after = mark + replaceIn(text, replacement);
  return { file: call.file, before, after, location };
}

class Editor {
  readonly #source: SourceFile;
  readonly #file: string;
  readonly #parameters: ReadonlySet<string>;
  readonly #quote: string;

  constructor(source: SourceFile, file: string, parameters: ReadonlySet<string>) {
    this.#source = source;
    this.#parameters = parameters;
    this.#file = file;
    const first = source.getFirstDescendantByKind(SyntaxKind.StringLiteral);
    this.#quote = first?.getText().charAt(0) ?? "'";
  }

  edit(container: Node, [name = '', ...deeper]: readonly string[], change: Change): Replacement {
    const found = this.#find(container, name);
    if (!found) {
      if (deeper.length > 0 || change.operator !== '=' || !Node.isObjectLiteralExpression(container))
        return this.#noSuchValue(container, name);
      return this.#add(container, name, change.text);
    }
    if (deeper.length > 0) return this.edit(found, deeper, change);
    return change.operator === '=' ? this.#replace(found, change.text) : this.#element(found, change);
  }

  /** The value of a property or the element of a list. */
  #find(container: Node, name: string): Node | undefined {
    if (Node.isArrayLiteralExpression(container))
      return container.getElements()[/^\d+$/.test(name) ? Number(name) : -1];
    if (!Node.isObjectLiteralExpression(container)) return this.#notPlain(container);
    const property = container.getProperties().find((one) => Node.hasName(one) && unquoted(one.getName()) === name);
    if (!property) return undefined;
    return Node.isPropertyAssignment(property) ? property.getInitializerOrThrow() : property;
  }

  /** The new value has the form of the old one. */
  #replace(node: Node, text: string): Replacement {
    const at = { start: node.getStart(), end: node.getEnd() };
    if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node))
      return { ...at, text: quoted(text, node.getText().charAt(0)) };
    if (isNumber(node)) return { ...at, text: numberText(text) ?? this.#wrongForm(node, text, 'a number') };
    if (Node.isTrueLiteral(node) || Node.isFalseLiteral(node))
      return { ...at, text: text === 'true' || text === 'false' ? text : this.#wrongForm(node, text, 'true or false') };
    if (!isPlain(node)) return this.#notPlain(node);
    const value = parseJson(text);
    if (Node.isArrayLiteralExpression(node) !== Array.isArray(value) || typeof value !== 'object')
      return this.#wrongForm(node, text, Node.isArrayLiteralExpression(node) ? 'a JSON list' : 'a JSON object');
    return { ...at, text: literal(value, this.#quote) };
  }

  #element(node: Node, { operator, text }: Change): Replacement {
    if (!Node.isArrayLiteralExpression(node))
      return fail('NOT_A_LIST', `${operator} changes a list, and this is none`, { location: this.#at(node) });
    return operator === '+=' ? this.#append(node, text) : this.#remove(node, text);
  }

  #append(list: ArrayLiteralExpression, text: string): Replacement {
    const last = list.getElements().at(-1);
    const added = last && isPlain(last) ? this.#replace(last, text).text : literal(guess(text), this.#quote);
    if (!last) return { start: list.getStart(), end: list.getEnd(), text: `[${added}]` };
    return { start: last.getEnd(), end: last.getEnd(), text: `,${this.#gapBefore(last)}${added}` };
  }

  #remove(list: ArrayLiteralExpression, text: string): Replacement {
    const elements = list.getElements();
    const index = elements.findIndex((one) => isPlain(one) && literalText(one) === text);
    const element = elements[index];
    if (!element)
      return fail('NO_SUCH_VALUE', `the list has no '${text}'`, {
        location: this.#at(list),
        hint: `it has: ${elements.map((one) => one.getText()).join(', ')}`,
      });
    const before = elements[index - 1];
    const after = elements[index + 1];
    if (before) return { start: before.getEnd(), end: element.getEnd(), text: '' };
    return { start: element.getStart(), end: after ? after.getStart() : list.getEnd() - 1, text: '' };
  }

  /** A property more, behind the last one and laid out like it. */
  #add(attributes: ObjectLiteralExpression, name: string, text: string): Replacement {
    const added = `${name}: ${literal(guess(text), this.#quote)}`;
    const last = attributes.getProperties().at(-1);
    if (!last) return { start: attributes.getStart(), end: attributes.getEnd(), text: `{ ${added} }` };
    return { start: last.getEnd(), end: last.getEnd(), text: `,${this.#gapBefore(last)}${added}` };
  }

  /** A line break and the same indentation where the node stands on a line of its own, else a blank. */
  #gapBefore(node: Node): string {
    return /\r?\n[ \t]*$/.exec(this.#source.getFullText().slice(0, node.getStart()))?.[0] ?? ' ';
  }

  #at(node: Node): Location {
    return { file: this.#file, ...this.#source.getLineAndColumnAtPos(node.getStart()) };
  }

  #wrongForm(node: Node, text: string, wanted: string): never {
    return fail('BAD_VALUE', `'${text}' is not ${wanted}, as the value here is`, { location: this.#at(node) });
  }

  #notPlain(node: Node): never {
    return fail('NOT_A_LITERAL', `the value is an expression: ${node.getText().split('\n', 1)[0]}`, {
      location: this.#at(node),
      hint: this.#parameters.has(node.getText())
        ? `it is a parameter: dsmb set ${node.getText()} VALUE`
        : 'only values that are written out can be set; edit the file',
    });
  }

  #noSuchValue(container: Node, name: string): never {
    const names = Node.isObjectLiteralExpression(container)
      ? container.getProperties().flatMap((one) => (Node.hasName(one) ? [unquoted(one.getName())] : []))
      : [];
    const close = nearest(name, names);
    return fail('NO_SUCH_VALUE', `there is no '${name}' here`, {
      location: this.#at(container),
      hint: close ? `did you mean ${close}?` : `'${name}' can be set as a whole, in JSON`,
    });
  }
}

function isNumber(node: Node): boolean {
  return (
    Node.isNumericLiteral(node) ||
    (Node.isPrefixUnaryExpression(node) && Node.isNumericLiteral(node.getOperand()) && node.getText().startsWith('-'))
  );
}

/** Written out, with nothing in it that is computed. */
function isPlain(node: Node): boolean {
  if (Node.isArrayLiteralExpression(node)) return node.getElements().every(isPlain);
  if (Node.isObjectLiteralExpression(node))
    return node.getProperties().every((one) => Node.isPropertyAssignment(one) && isPlain(one.getInitializerOrThrow()));
  const single = Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node);
  return single || isNumber(node) || Node.isTrueLiteral(node) || Node.isFalseLiteral(node);
}

function literalText(node: Node): string {
  return Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)
    ? node.getLiteralText()
    : node.getText();
}

function numberText(text: string): string | undefined {
  return /^-?(0x[\da-f]+|\d[\d_]*(\.\d+)?(e[+-]?\d+)?)$/i.test(text) ? text : undefined;
}

/** Where nothing tells the type: what is JSON for a number, a switch, a list or an object is that, all else a text. */
function guess(text: string): unknown {
  const value = parseJson(text);
  return value === undefined || value === null ? text : value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function unquoted(name: string): string {
  return name.replaceAll(/^['"]|['"]$/g, '');
}

/** What only the text of a build file tells: doc comments, and where an attribute is written. Loads ts-morph. */
import { Node, Project, SyntaxKind, type ObjectLiteralExpression, type SourceFile } from 'ts-morph';
import type { Diagnostic, Location } from '../model/diagnostic.ts';

/** Reads build files as text; nothing is run, and imports are not followed. */
export class BuildFileSources {
  readonly #project = new Project({ skipFileDependencyResolution: true, skipAddingFilesFromTsConfig: true });

  /** The doc comment of each exported constant, as one paragraph. */
  docs(file: string): ReadonlyMap<string, string> {
    const docs = new Map<string, string>();
    for (const statement of this.#source(file).getVariableStatements()) {
      const text = statement
        .getJsDocs()
        .map((doc) => doc.getDescription().trim().replaceAll(/\s+/g, ' '))
        .join(' ');
      if (text === '' || !statement.isExported()) continue;
      for (const declaration of statement.getDeclarations()) docs.set(declaration.getName(), text);
    }
    return docs;
  }

  /**
   * Where an attribute is given in the call at a position; undefined where it is not written there. Of a path (`a.b[0]`)
   * as much is followed as is written out.
   */
  attribute(call: Location, path: string): Location | undefined {
    const source = this.#source(call.file);
    const attributes = attributesOf(source, call);
    const [name = '', ...deeper] = path.match(/[^.[\]"]+/g) ?? [];
    const property = attributes?.getProperty(name);
    if (!property) return undefined;
    const { line, column } = source.getLineAndColumnAtPos(writtenAt(property, deeper).getStart());
    return { file: call.file, line, column };
  }

  #source(file: string): SourceFile {
    return this.#project.getSourceFile(file) ?? this.#project.addSourceFileAtPath(file);
  }
}

/** The attributes that are written in the call at a position; undefined where they are not written there. */
export function attributesOf(source: SourceFile, { line, column }: Location): ObjectLiteralExpression | undefined {
  const offset = source.compilerNode.getPositionOfLineAndCharacter(line - 1, column - 1);
  const call = source.getDescendantAtPos(offset)?.getFirstAncestorByKind(SyntaxKind.CallExpression);
  return call?.getArguments().find(Node.isObjectLiteralExpression);
}

/** The deepest node that a path below a property leads to. */
function writtenAt(property: Node, path: readonly string[]): Node {
  const [name, ...deeper] = path;
  const value = Node.isPropertyAssignment(property) ? property.getInitializer() : property;
  if (name === undefined || !value) return property;
  const next = Node.isObjectLiteralExpression(value)
    ? value.getProperties().find((one) => Node.hasName(one) && one.getName().replaceAll(/['"]/g, '') === name)
    : Node.isArrayLiteralExpression(value)
      ? value.getElements()[Number(name)]
      : undefined;
  return next ? writtenAt(next, deeper) : property;
}

/** Moves a diagnostic about an attribute from the call of its rule to the attribute itself. */
export function atAttribute<T extends Pick<Diagnostic, 'location' | 'attribute'>>(diagnostic: T): T {
  const { location, attribute } = diagnostic;
  if (!location || !attribute) return diagnostic;
  const found = new BuildFileSources().attribute(location, attribute);
  return found ? { ...diagnostic, location: found } : diagnostic;
}

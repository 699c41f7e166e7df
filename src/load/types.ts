/** The type checker over a project's own modules, as an editor runs it. Loads TypeScript. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Project, ts } from 'ts-morph';
import type { ForeignCode } from '../model/codes.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { OWN_CONDITIONS } from '../model/own-files.ts';

/** What Node takes as it is, and what the public API is written in. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  // Not those of a browser, which are the most.
  lib: ['lib.esnext.d.ts'],
  strict: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  types: ['node'],
};

/** Whatever a project's own tsconfig.json says. */
const FORCED: ts.CompilerOptions = {
  // Modules as Node runs them; NodeNext wants to know the package of each file, which ts-morph does not tell.
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: [...OWN_CONDITIONS],
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noUnusedLocals: true,
  composite: false,
  incremental: false,
};

/** Codes of declared things that nothing uses: no build goes wrong by them. */
const UNUSED = new Set([6133, 6138, 6192, 6196, 6198, 6199]);

/** Something that is wrong, or that may be. */
export interface Finding extends Diagnostic {
  readonly severity: 'error' | 'warning';
}

/** The type errors of these files, in their order. `replaced` has texts that are not on disk yet, by path. */
export function typeProblems(
  root: string,
  files: readonly string[],
  replaced: ReadonlyMap<string, string> = new Map(),
): Finding[] {
  const project = typedProject(root, files, replaced);
  const program = project.getProgram().compilerObject;
  const ofFiles = files.flatMap((path) => {
    const source = program.getSourceFile(path);
    return source ? [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)] : [];
  });
  return [...program.getOptionsDiagnostics(), ...ofFiles].map(toFinding);
}

/** These files for the type checker, with the options of the project in a folder. */
export function typedProject(
  root: string,
  files: readonly string[],
  replaced: ReadonlyMap<string, string> = new Map(),
): Project {
  // The libraries of the language come with ts-morph.
  const project = new Project({
    compilerOptions: { ...optionsOf(root), ...FORCED },
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
  });
  for (const path of files) {
    const text = replaced.get(path);
    if (text === undefined) project.addSourceFileAtPath(path);
    else project.createSourceFile(path, text, { overwrite: true });
  }
  return project;
}

function optionsOf(root: string): ts.CompilerOptions {
  const file = join(root, 'tsconfig.json');
  if (!existsSync(file)) return { ...OPTIONS, ...typeRoots(root) };
  const { config = {} } = ts.readConfigFile(file, ts.sys.readFile.bind(ts.sys)) as { config?: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root);
  return { ...options, ...(options.types?.includes('node') ? typeRoots(root) : {}) };
}

/** The types of Node: the project's, or those that dsmb has. */
function typeRoots(root: string): ts.CompilerOptions {
  const candidates = [root, fileURLToPath(new URL('../../', import.meta.url))];
  const folders = candidates.map((folder) => join(folder, 'node_modules', '@types'));
  const found = folders.filter((folder) => existsSync(join(folder, 'node')));
  return found.length > 0 ? { typeRoots: found } : { types: [] };
}

function toFinding({ code, messageText, file, start }: ts.Diagnostic): Finding {
  const position = file && start !== undefined ? file.getLineAndCharacterOfPosition(start) : undefined;
  return {
    severity: UNUSED.has(code) ? 'warning' : 'error',
    code: `TS${code}` as ForeignCode,
    message: ts.flattenDiagnosticMessageText(messageText, '\n  '),
    ...(file && position
      ? { location: { file: file.fileName, line: position.line + 1, column: position.character + 1 } }
      : {}),
  };
}

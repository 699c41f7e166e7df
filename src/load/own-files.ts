/** The modules of a project: its build files, and what they reach by relative imports. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ts } from 'ts-morph';

/** Absolute paths, each once, importers first. Imports that lead nowhere are left to the compiler to report. */
export function ownFiles(buildFiles: readonly string[]): string[] {
  const found = new Set(buildFiles);
  for (const file of found)
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles) {
      const path = resolve(dirname(file), fileName);
      if (/^\.\.?\//.test(fileName) && statSync(path, { throwIfNoEntry: false })?.isFile()) found.add(path);
    }
  return [...found];
}

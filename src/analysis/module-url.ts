/** Where the module of a step is. */
import { existsSync } from 'node:fs';
import { dirname, posix, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearestFile } from '../load/nearest.ts';
import { fail } from '../model/diagnostic.ts';
import { modulePath } from '../model/own-files.ts';

/** The argument of the one `import(…)` in a function's text, also where a bundler has renamed that. */
const IMPORTED = /import\w*\s*\((?:\s|\/\*[^]*?\*\/)*(['"`])(\.{1,2}\/[^'"`]+)\1/;

/** The place of a step's module. `file`: where its import is written. */
export function moduleUrl(module: unknown, mnemonic: string, file: string | undefined): URL {
  if (typeof module !== 'function') return placed(module, mnemonic);
  const [, , specifier] = IMPORTED.exec(String(module)) ?? [];
  if (specifier === undefined || file === undefined) return unnamed(mnemonic);
  const url = pathToFileURL(resolve(dirname(file), specifier));
  if (existsSync(modulePath(url))) return url;
  const close = nearestFile(fileURLToPath(url));
  return fail('BAD_RULE', `module of ${mnemonic}: there is no file ${specifier} beside ${file}`, {
    hint: close
      ? `did you mean ${posix.join(dirname(specifier), close).replace(/^(?!\.)/, './')}?`
      : "write module: () => import('./x.step.ts') in the file that declares the action",
  });
}

function placed(module: unknown, mnemonic: string): URL {
  const url: unknown = typeof module === 'object' && module !== null && 'url' in module ? module.url : undefined;
  return url instanceof URL ? url : unnamed(mnemonic);
}

function unnamed(mnemonic: string): never {
  return fail('BAD_RULE', `module of ${mnemonic} does not name a step`, {
    hint: "write module: () => import('./x.step.ts')",
  });
}

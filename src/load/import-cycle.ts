/** Modules that import each other: one of them runs before the other has what it exports. Loaded when that went wrong. */
import { build, type Metafile } from 'esbuild';
import { join } from 'node:path';

/** Paths of modules, each importing the next, the first one again at the end; undefined where there is no such circle. */
export async function importCycle(file: string): Promise<readonly string[] | undefined> {
  try {
    const { metafile } = await build({
      entryPoints: [file],
      absWorkingDir: '/',
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      // An import that is not used still runs its module.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      logLevel: 'silent',
    });
    return cycleIn(metafile, file.slice(1))?.map((path) => join('/', path));
  } catch {
    return undefined; // Something else is wrong, and said.
  }
}

function cycleIn({ inputs }: Metafile, from: string): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, open: readonly string[]): readonly string[] | undefined => {
    const start = open.indexOf(path);
    if (start >= 0) return [...open.slice(start), path];
    if (done.has(path)) return undefined;
    done.add(path);
    for (const { path: next, kind, external } of inputs[path]?.imports ?? []) {
      const found = external || kind === 'dynamic-import' ? undefined : visit(next, [...open, path]);
      if (found) return found;
    }
    return undefined;
  };
  return visit(from, []);
}

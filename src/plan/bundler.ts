/** Makes one minified file of a step and all that it imports. */
import type { Metafile, Plugin } from 'esbuild';
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ModuleRequest } from '../load/lookups.ts';
import { bundleFailed, type BundlerError } from './bundle-failure.ts';
import { isOwn, modulePath, OWN_CONDITIONS } from '../model/own-files.ts';

/** The module that runs a step inside the sandbox. */
export const RUNNER = modulePath(new URL('../step/main.ts', import.meta.url));

/** The module that starts a step: it is in no file. */
export const ENTRY = 'step-entry.js';

/** Beside those that the bundler adds itself. */
const CONDITIONS = ['module', ...OWN_CONDITIONS];

const MINIFIED = { format: 'esm', target: 'node26', minify: true, legalComments: 'none' } as const;

/** `dsmb` is the one that runs this, whatever lies in the node_modules of the project. */
const OWN_MODULES: Plugin = {
  name: 'own modules',
  setup(build) {
    const resolveDir = dirname(RUNNER);
    build.onResolve({ filter: /^dsmb($|\/)/ }, ({ path, kind, resolveDir: from }) =>
      isOwn(path) && from !== resolveDir ? build.resolve(path, { kind, resolveDir }) : undefined,
    );
  },
};

/** Absolute paths as they stand: the bundler takes a `*` in one for a pattern. */
const ABSOLUTE_PATHS: Plugin = {
  name: 'absolute paths',
  setup(build) {
    build.onResolve({ filter: /^\// }, ({ path, kind }) =>
      build.resolve(`./${basename(path)}`, { kind, resolveDir: dirname(path) }),
    );
  },
};

/** What the bundler made of a step's module. */
export interface Made {
  readonly code: Uint8Array;
  /** What the modules asked for, and got. */
  readonly requests: readonly ModuleRequest[];
  /** Paths of the modules that went in. */
  readonly inputs: readonly string[];
  /** From places in the code to places in the modules; empty unless asked for. The code is the same with it. */
  readonly map: string;
}

/** Bundles a step. */
export async function bundle(path: string, { withMap = false } = {}): Promise<Made> {
  const { build, transform } = await import('esbuild');
  // The bundler names what it reads by paths without links.
  const root = realpathSync(dirname(path));
  const entry = [
    `import { runStep } from ${JSON.stringify(RUNNER)};`,
    `import step from ${JSON.stringify(path)};`,
    `await runStep(step);`,
  ].join('\n');
  const result = await build({
    stdin: { contents: entry, resolveDir: root, sourcefile: ENTRY },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    legalComments: 'none',
    // CommonJS packages in the bundle ask for `require` of Node's own modules.
    banner: { js: `import{createRequire as __r}from'node:module';const require=__r(import.meta.url);` },
    conditions: CONDITIONS,
    nodePaths: [],
    plugins: [ABSOLUTE_PATHS, OWN_MODULES],
    absWorkingDir: root,
    ...(withMap ? { sourcemap: 'inline', sourcesContent: false } : {}),
    logLevel: 'silent',
  }).catch((error: BundlerError) => bundleFailed(path, { root, entry: ENTRY }, error));
  const inputs = Object.keys(result.metafile.inputs)
    .filter((name) => name !== ENTRY)
    .map((name) => join(root, name));
  // Short names are chosen by how often letters occur, in types as well: they are gone by now.
  const { code, map } = await transform(result.outputFiles[0]!.text, {
    ...MINIFIED,
    ...(withMap ? { sourcemap: 'external', sourcesContent: false } : {}),
  });
  return { code: Buffer.from(code), inputs, requests: requestsIn(result.metafile, root), map };
}

/** All requests for files; modules of one folder that ask for the same get the same. */
function requestsIn({ inputs }: Metafile, root: string): ModuleRequest[] {
  const requests = new Map<string, ModuleRequest>();
  for (const [name, { imports }] of Object.entries(inputs))
    for (const { path, original: specifier, external, kind } of imports) {
      if (external || specifier === undefined) continue;
      const folder = isOwn(specifier) ? dirname(RUNNER) : dirname(join(root, name));
      const condition = kind === 'require-call' ? 'require' : 'import';
      const conditions = [...CONDITIONS, condition, 'node'];
      requests.set(`${folder}\0${specifier}\0${condition}`, { specifier, folder, found: join(root, path), conditions });
    }
  return [...requests.values()];
}

/** Bundles a step to one self-contained file, so that only code that the step reaches is in its action's key. */
import type { Plugin } from 'esbuild';
import { dirname, join, relative } from 'node:path';
import { captureBytes } from '../../cache/capture.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { fail } from '../model/diagnostic.ts';
import { isOwn, modulePath, OWN_CONDITIONS } from '../model/own-files.ts';
import { lookOnce, memoryOf, recall, remember, type KnownBundle, type Look } from './bundle-memory.ts';

const RUNNER = modulePath(new URL('../step/main.ts', import.meta.url));

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

/** A step as one file, and the modules that it came from. */
interface Bundle {
  readonly node: Node;
  /** By path; in no key, but they name what changed when the bundle did. */
  readonly modules: ReadonlyMap<string, string>;
}

/** The bundles of one build: it looks at each module once, and so sees one version of each step. */
export class Bundles {
  readonly #store: Store;
  readonly #bundles = new Map<string, Promise<Bundle>>();
  #look = lookOnce();

  constructor(store: Store) {
    this.#store = store;
  }

  /** What a step adds to the content of its action's key; nothing for other work. */
  async contentOf({ work }: ActionNode): Promise<{ bundle?: Node; modules?: Bundle['modules'] }> {
    if (work.type !== 'step') return {};
    const path = modulePath(work.module);
    const made = this.#bundles.get(path) ?? bundleStep(this.#store, path, this.#look);
    this.#bundles.set(path, made);
    const { node, modules } = await made;
    return { bundle: node, modules };
  }

  /** The store may have lost some of them. */
  forget(): void {
    this.#bundles.clear();
    this.#look = lookOnce();
  }
}

/** The bundle of a step's module as a file of the store. Remembered until something that went in changes. */
async function bundleStep(store: Store, path: string, look: Look): Promise<Bundle> {
  const memory = memoryIn(store, path);
  const remembered = recall(memory, look);
  const known = remembered && store.cas.has(remembered.digest) ? remembered : await bundleAnew(store, path, memory);
  LAST_USED.set(memory, known);
  return { node: { type: 'file', digest: known.digest, executable: false }, modules: known.modules };
}

async function bundleAnew(store: Store, path: string, memory: string): Promise<KnownBundle> {
  const startedAt = Date.now();
  const { code, inputs } = await bundle(path);
  const made = captureBytes(store.cas, code) as Node & { type: 'file' };
  return remember(memory, made.digest, inputs, startedAt);
}

/** By the file that remembers them. */
const LAST_USED = new Map<string, KnownBundle>();

function memoryIn(store: Store, path: string): string {
  return memoryOf(join(store.root, 'bundles.v1'), RUNNER, path);
}

/** Paths of all that the bundle rests on which was last used of a step, there or not: modules, settings. */
export function bundleRestsOn(store: Store, module: URL): readonly string[] | undefined {
  const memory = memoryIn(store, modulePath(module));
  const known = LAST_USED.get(memory) ?? recall(memory);
  return known && [...known.modules.keys(), ...known.settings];
}

async function bundle(path: string): Promise<{ code: Uint8Array; inputs: string[] }> {
  const { build, transform } = await import('esbuild');
  const root = dirname(path);
  const entry = [
    `import { runStep } from ${JSON.stringify(RUNNER)};`,
    `import step from ${JSON.stringify(path)};`,
    `await runStep(step);`,
  ].join('\n');
  const result = await build({
    stdin: { contents: entry, resolveDir: root, sourcefile: 'step-entry.js' },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    legalComments: 'none',
    // CommonJS packages in the bundle ask for `require` of Node's own modules.
    banner: { js: `import{createRequire as __r}from'node:module';const require=__r(import.meta.url);` },
    conditions: ['module', ...OWN_CONDITIONS],
    plugins: [OWN_MODULES],
    absWorkingDir: root,
    logLevel: 'silent',
  }).catch(
    (
      error: Error & { errors?: { text: string; location: { file: string; line: number; column: number } | null }[] },
    ) => {
      const first = error.errors?.[0];
      return fail('STEP_DOES_NOT_BUNDLE', `${relative(process.cwd(), path)}: ${first?.text ?? error.message}`, {
        ...(first?.location
          ? {
              location: {
                file: join(root, first.location.file),
                line: first.location.line,
                column: first.location.column + 1,
              },
            }
          : {}),
      });
    },
  );
  const inputs = Object.keys(result.metafile.inputs)
    .filter((name) => name !== 'step-entry.js')
    .map((name) => join(root, name));
  // Short names are chosen by how often letters occur, in types as well: they are gone by now.
  const { code } = await transform(result.outputFiles[0]!.text, MINIFIED);
  return { code: Buffer.from(code), inputs };
}

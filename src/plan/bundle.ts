/** Bundles a step to one self-contained file, so that only code that the step reaches is in its action's key. */
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { captureBytes } from '../../cache/capture.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { fail } from '../model/diagnostic.ts';
import { memoryOf, recall, remember, type KnownBundle } from './bundle-memory.ts';

const RUNNER = fileURLToPath(new URL('../step/main.ts', import.meta.url));

/** A step as one file, and the modules that it came from. */
interface Bundle {
  readonly node: Node;
  /** By path; in no key, but they name what changed when the bundle did. */
  readonly modules: ReadonlyMap<string, string>;
}

/** What a step adds to the content of its action's key; nothing for other work. */
export async function stepContent(
  store: Store,
  { work }: ActionNode,
): Promise<{ bundle?: Node; modules?: Bundle['modules'] }> {
  if (work.type !== 'step') return {};
  const { node, modules } = await bundleStep(store, work.module);
  return { bundle: node, modules };
}

/** The bundle of a step's module as a file of the store. Remembered until something that went in changes. */
async function bundleStep(store: Store, module: URL): Promise<Bundle> {
  const path = fileURLToPath(module);
  const memory = memoryIn(store, path);
  const known = recall(memory);
  if (known && store.cas.has(known.digest)) return bundleOf(known);
  const startedAt = Date.now();
  const { code, inputs } = await bundle(path);
  const made = captureBytes(store.cas, code) as Node & { type: 'file' };
  return bundleOf(remember(memory, made.digest, inputs, startedAt));
}

function bundleOf({ digest, modules }: KnownBundle): Bundle {
  return { node: { type: 'file', digest, executable: false }, modules };
}

function memoryIn(store: Store, path: string): string {
  return memoryOf(join(store.root, 'bundles.v1'), RUNNER, path);
}

/** The modules that a step was bundled from, as paths; undefined when one has changed since. */
export function bundledModules(store: Store, module: URL): readonly string[] | undefined {
  const known = recall(memoryIn(store, fileURLToPath(module)));
  return known && [...known.modules.keys()];
}

async function bundle(path: string): Promise<{ code: Uint8Array; inputs: string[] }> {
  const { build } = await import('esbuild');
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
    minify: true,
    legalComments: 'none',
    // CommonJS packages in the bundle ask for `require` of Node's own modules.
    banner: { js: `import{createRequire as __r}from'node:module';const require=__r(import.meta.url);` },
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
  return { code: result.outputFiles[0]!.contents, inputs };
}

/** Bundles a step to one self-contained file, so that only code that the step reaches is in its action's key. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { captureBytes } from '../../cache/capture.ts';
import { hashFile, writeAtomically } from '../../cache/files.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { digest } from '../model/digest.ts';
import { fail } from '../model/diagnostic.ts';

const RUNNER = fileURLToPath(new URL('../step/main.ts', import.meta.url));
/** Part of the remembered bundle's name: a change here forgets all of them. */
const FORMAT = 2;

interface Remembered {
  readonly hash: string;
  readonly size: number;
  /** path, size, mtime, ctime, inode and hash of every module that went in. */
  readonly inputs: readonly (readonly [string, number, number, number, number, string])[];
}

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

/** The bundle of a step's module as a file of the store. Remembered until a module that went in changes. */
async function bundleStep(store: Store, module: URL): Promise<Bundle> {
  const path = fileURLToPath(module);
  const memory = memoryOf(store, path);
  const remembered = recall(memory);
  if (remembered) {
    const node: Node = { type: 'file', digest: digest(remembered.hash, remembered.size), executable: false };
    if (store.cas.has(node.digest)) return { node, modules: modulesOf(remembered) };
  }
  const { code, inputs } = await bundle(path);
  const node = captureBytes(store.cas, code) as Node & { type: 'file' };
  const { hash, size } = node.digest;
  const made: Remembered = { hash, size, inputs: inputs.map((input) => [...statRow(input), hashFile(input).hash]) };
  writeAtomically(memory, JSON.stringify(made));
  return { node, modules: modulesOf(made) };
}

/** The modules that a step was bundled from, as paths; undefined when one has changed since. */
export function bundledModules(store: Store, module: URL): readonly string[] | undefined {
  return recall(memoryOf(store, fileURLToPath(module)))?.inputs.map(([path]) => path);
}

function modulesOf({ inputs }: Remembered): ReadonlyMap<string, string> {
  return new Map(inputs.map(([path, , , , , hash]) => [path, hash]));
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

function memoryOf(store: Store, path: string): string {
  const name = createHash('sha256').update(`${FORMAT} ${RUNNER} ${path}`).digest('hex').slice(0, 32);
  return join(store.root, 'bundles.v1', `${name}.json`);
}

function statRow(path: string): [string, number, number, number, number] {
  const { size, mtimeMs, ctimeMs, ino } = statSync(path);
  return [path, size, mtimeMs, ctimeMs, ino];
}

function recall(memory: string): Remembered | undefined {
  try {
    const remembered = JSON.parse(readFileSync(memory, 'utf8')) as Remembered;
    const same = remembered.inputs.every((row) => statRow(row[0]).every((value, index) => value === row[index]));
    return same ? remembered : undefined;
  } catch {
    return undefined;
  }
}

/** Joins the modules of the build command, and those of the helper process that starts its actions. */
import { build, type ImportKind, type Plugin } from 'esbuild';
import { readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { writeAtomically } from '../../../cache/files.ts';
import { sealed } from '../../../cache/sealed.ts';
import { areBelievable, stampsOf } from '../../../cache/stamps.ts';
import { COMPILED, JOINED_FOLDER, modulePath, OWN_PACKAGE } from '../../model/own-files.ts';
import { RECORD, recallJoined, type Joined } from './record.ts';

const COMMAND_LINE = modulePath(new URL('../command-line.ts', import.meta.url));
const HELPER = modulePath(new URL('../../execute/process/spawner-main.ts', import.meta.url));

/** The one command that is joined. */
const BUILD = /\/src\/cli\/build\.[jt]s$/;

/** What build files may import as well: there must be one of each, or a class would not be the one it is compared with. */
const SHARED = /\/src\/(index\.[jt]s$|(model|step|disk|archive|vm|compare|testing)\/)/;

/** A build that began before may still come to ask for a module. */
const KEPT_MS = 24 * 3600 * 1000;

/** What modules call their own place, and the joined module they are in: its place. */
const OWN_URL = 'dsmbOwnUrl';
const JOINED_URL = 'dsmbJoinedUrl';

/** Whether a module that another imports is left at its own place. */
type IsApart = (file: string, importer: string, kind: ImportKind) => boolean;

/** Joined modules have another place than their sources: what these find beside themselves is still found. */
const fromTheirPlaces = (isApart: IsApart): Plugin => ({
  name: 'from their places',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ resolveDir, path, importer, kind }) => {
      const file = resolve(resolveDir, path);
      return isApart(file, importer, kind) ? { path: fromFolder(file), external: true } : { path: file };
    });
    build.onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const place = `const ${OWN_URL} = new URL(${JSON.stringify(fromFolder(path))}, ${JOINED_URL}).href;`;
      const contents = source.includes('import.meta.url') ? place + source : source;
      return { contents, loader: COMPILED ? 'js' : 'ts' };
    });
  },
});

/** Joins the modules and notes what they were made of; nothing where that is just changing. */
export async function joinBuild(): Promise<void> {
  const startedAt = Date.now();
  const made = [
    await joined(
      COMMAND_LINE,
      (file, importer, kind) =>
        SHARED.test(file) || (importer === COMMAND_LINE && kind === 'dynamic-import' && !BUILD.test(file)),
    ),
    // No build file is loaded there.
    await joined(HELPER, () => false),
  ];
  const sources = [...new Set(made.flatMap((one) => one.sources))];
  const stamps = stampsOf(sources.map((path) => join(OWN_PACKAGE, path)));
  if (!COMPILED && !areBelievable(stamps, startedAt)) return;
  const before = recallJoined()?.outputs ?? [];
  const outputs = made.flatMap((one) => [...one.outputs]);
  for (const [name, content] of outputs) writeAtomically(join(JOINED_FOLDER, name), content, false);
  const record: Joined = {
    commandLine: made[0]!.module,
    helper: made[1]!.module,
    helperSource: relative(OWN_PACKAGE, HELPER),
    outputs: outputs.map(([name]) => name),
    sources,
    stamps: [...stamps],
  };
  writeAtomically(RECORD, sealed(Buffer.from(JSON.stringify(record))), false);
  dropOld(new Set([basename(RECORD), ...record.outputs, ...before]));
}

interface Made {
  /** Joined modules by name. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  /** The name of the one that the entry became. */
  readonly module: string;
  /** What they were made of, below the package's folder. */
  readonly sources: readonly string[];
}

/** A module with all that it imports, but for what stays apart. */
async function joined(entry: string, isApart: IsApart): Promise<Made> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: JOINED_FOLDER,
    entryNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
    target: 'node26',
    packages: 'external',
    minifySyntax: true,
    minifyWhitespace: true,
    tsconfigRaw: '{}',
    define: { 'import.meta.url': OWN_URL },
    banner: { js: `const ${JOINED_URL} = import.meta.url;` },
    plugins: [fromTheirPlaces(isApart)],
    absWorkingDir: OWN_PACKAGE,
    logLevel: 'silent',
  });
  const [module] = Object.entries(metafile.outputs).find(
    ([, { entryPoint }]) => entryPoint !== undefined && resolve(OWN_PACKAGE, entryPoint) === entry,
  )!;
  return {
    outputs: new Map(outputFiles.map(({ path, contents }) => [basename(path), contents])),
    module: basename(module),
    sources: Object.keys(metafile.inputs),
  };
}

/** As a module in the folder of joined ones names it. */
function fromFolder(path: string): string {
  return relative(JOINED_FOLDER, path);
}

function dropOld(kept: ReadonlySet<string>): void {
  for (const name of readdirSync(JOINED_FOLDER)) {
    const path = join(JOINED_FOLDER, name);
    if (!kept.has(name) && statSync(path).mtimeMs < Date.now() - KEPT_MS) unlinkSync(path);
  }
}

if (import.meta.main) await joinBuild();

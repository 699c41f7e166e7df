/** Joins the modules of the build command. */
import { build, type Plugin } from 'esbuild';
import { readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { writeAtomically } from '../../../cache/files.ts';
import { sealed } from '../../../cache/sealed.ts';
import { areBelievable, stampsOf } from '../../../cache/stamps.ts';
import { COMPILED, JOINED_FOLDER, modulePath, OWN_PACKAGE } from '../../model/own-files.ts';
import { RECORD, recallJoined, type Joined } from './record.ts';

const BUILD = modulePath(new URL('../build.ts', import.meta.url));

/** What build files may import as well: there must be one of each, or a class would not be the one it is compared with. */
const SHARED = /\/src\/(index\.[jt]s$|(model|step|disk|archive|vm|compare|testing)\/)/;

/** A build that began before may still come to ask for a module. */
const KEPT_MS = 24 * 3600 * 1000;

/** What modules call their own place, and the joined module they are in: its place. */
const OWN_URL = 'dsmbOwnUrl';
const JOINED_URL = 'dsmbJoinedUrl';

/** Joined modules have another place than their sources: what these find beside themselves is still found. */
const FROM_THEIR_PLACES: Plugin = {
  name: 'from their places',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ resolveDir, path }) => {
      const file = resolve(resolveDir, path);
      return SHARED.test(file) ? { path: fromFolder(file), external: true } : { path: file };
    });
    build.onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const place = `const ${OWN_URL} = new URL(${JSON.stringify(fromFolder(path))}, ${JOINED_URL}).href;`;
      const contents = source.includes('import.meta.url') ? place + source : source;
      return { contents, loader: COMPILED ? 'js' : 'ts' };
    });
  },
};

/** Joins the modules of the build command and notes what they were made of; nothing where that is just changing. */
export async function joinBuild(): Promise<void> {
  const startedAt = Date.now();
  const { outputs, module, sources } = await joined();
  const stamps = stampsOf(sources.map((path) => join(OWN_PACKAGE, path)));
  if (!COMPILED && !areBelievable(stamps, startedAt)) return;
  const before = recallJoined()?.outputs ?? [];
  for (const [name, content] of outputs) writeAtomically(join(JOINED_FOLDER, name), content, false);
  const record: Joined = { module, outputs: [...outputs.keys()], sources, stamps: [...stamps] };
  writeAtomically(RECORD, sealed(Buffer.from(JSON.stringify(record))), false);
  dropOld(new Set([basename(RECORD), ...record.outputs, ...before]));
}

interface Made extends Pick<Joined, 'module' | 'sources'> {
  /** By name. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
}

async function joined(): Promise<Made> {
  const { outputFiles, metafile } = await build({
    entryPoints: [BUILD],
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
    plugins: [FROM_THEIR_PLACES],
    absWorkingDir: OWN_PACKAGE,
    logLevel: 'silent',
  });
  const entry = Object.entries(metafile.outputs).find(([, { entryPoint }]) => isBuild(entryPoint));
  return {
    outputs: new Map(outputFiles.map(({ path, contents }) => [basename(path), contents])),
    module: basename(entry![0]),
    sources: Object.keys(metafile.inputs),
  };
}

function isBuild(entryPoint: string | undefined): boolean {
  return entryPoint !== undefined && resolve(OWN_PACKAGE, entryPoint) === BUILD;
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

/** What is reported of a search is enough: whatever would change its answer is among the places that were looked at. */
import { build } from 'esbuild';
import fc from 'fast-check';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { areSameStamps, stampsOf } from '../../cache/stamps.ts';
import { placesOf } from '../../cache/ways.ts';
import { Lookups, type Manner } from './lookups.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-lookups-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Files that may be there, with what is in them. */
const FILES = {
  'part/text': '',
  'part/text.ts': '',
  'part/text.tsx': '',
  'part/text.js': '',
  'part/text.json': '{}',
  'part/text/index.ts': '',
  'part/text/index.js': '',
  'part/text/package.json': '{ "main": "./more.js" }',
  'part/text/more.js': '',
  'part/node_modules/words/index.js': '',
  'node_modules/words/package.json': '{ "main": "text" }',
  'node_modules/words/text.js': '',
  'node_modules/words/text/index.js': '',
  'node_modules/words/index.js': '',
  'tsconfig.json': '{ "extends": "./more.json" }',
  'more.json': '{ "compilerOptions": { "paths": { "words": ["./one.ts", "./part/two.ts"] } } }',
  'part/tsconfig.json': '{}',
  'one.ts': '',
  'part/two.ts': '',
} as const;
type File = keyof typeof FILES;
const NAMES = Object.keys(FILES) as File[];

let projects = 0;

/** A folder of its own: resolvers remember what they have seen. */
function project(files: Iterable<File>): string {
  const folder = join(root, `p${projects++}`);
  mkdirSync(join(folder, 'part'), { recursive: true });
  for (const file of files) add(folder, file);
  return folder;
}

/** False where a folder is in the way. */
function add(folder: string, file: File): boolean {
  try {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), FILES[file]);
    return true;
  } catch {
    return false;
  }
}

/** What the bundler finds for a module of `part`; undefined for nothing. */
async function bundled(folder: string, specifier: string): Promise<string | undefined> {
  const { metafile } = await build({
    stdin: {
      contents: `import ${JSON.stringify(specifier)}`,
      resolveDir: join(folder, 'part'),
      sourcefile: 'entry.js',
    },
    ...{ bundle: true, write: false, metafile: true, platform: 'node', logLevel: 'silent', absWorkingDir: folder },
    nodePaths: [],
  }).catch(() => ({ metafile: undefined }));
  const [found] = metafile?.inputs['entry.js']?.imports ?? metafile?.inputs['part/entry.js']?.imports ?? [];
  return found && join(folder, found.path);
}

async function required(folder: string, specifier: string): Promise<string | undefined> {
  try {
    return createRequire(join(folder, 'part/entry.cjs')).resolve(specifier);
  } catch {
    return undefined;
  }
}

const SEARCHES: Readonly<Record<Exclude<Manner, 'import'>, [typeof bundled, readonly string[]]>> = {
  bundle: [bundled, ['module', 'import', 'node']],
  require: [required, ['node', 'require', 'module-sync']],
};

describe.each(['bundle', 'require'] as const)('the report of a search by %s', (manner) => {
  const [search, conditions] = SEARCHES[manner];

  it('has a place that changes with each file that would change what is found', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(NAMES, { minLength: 2 }),
        fc.constantFrom('./text', './text.js', 'words'),
        fc.subarray(NAMES, { minLength: 4, maxLength: 6 }),
        async (files, specifier, more) => {
          const folder = project(files);
          const found = await search(folder, specifier);
          if (found === undefined) return;
          const places = new Lookups(manner).places({ specifier, folder: join(folder, 'part'), found, conditions });
          // What is not known is not remembered: slower, and never stale.
          if (!places) return;
          expect(places).toContain(found);
          for (const file of more.filter((one) => !files.includes(one))) {
            const twin = project(files);
            if (!add(twin, file)) continue;
            const other = await search(twin, specifier);
            if (other?.slice(twin.length) === found.slice(folder.length)) continue;
            const before = stampsOf(placesOf(places));
            add(folder, file);
            expect([specifier, file, areSameStamps(stampsOf(placesOf(places)), before)]).toEqual([
              specifier,
              file,
              false,
            ]);
            rmSync(join(folder, file));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is there for what people write', async () => {
    const folder = project(['part/text.js', 'node_modules/words/package.json', 'node_modules/words/text.js']);
    for (const specifier of ['./text.js', './text', 'words']) {
      const found = (await search(folder, specifier))!;
      const places = new Lookups(manner).places({ specifier, folder: join(folder, 'part'), found, conditions });
      expect([specifier, places]).toEqual([specifier, expect.arrayContaining([found]) as unknown]);
    }
  });
});

describe('a report', () => {
  it('is none where something else was found', () => {
    const folder = project(['part/text.js', 'part/text.ts']);
    const request = { specifier: './text', folder: join(folder, 'part'), conditions: ['import'] };
    expect(new Lookups('bundle').places({ ...request, found: join(folder, 'part/text.js') })).toBeUndefined();
    expect(new Lookups('bundle').places({ ...request, found: join(folder, 'part/text.ts') })).toBeDefined();
  });

  it('knows what was found through a link', () => {
    const folder = project(['one.ts']);
    symlinkSync('../one.ts', join(folder, 'part/text.ts'));
    const request = {
      specifier: './text.ts',
      folder: join(folder, 'part'),
      found: join(folder, 'one.ts'),
      conditions: [],
    };
    const places = placesOf(new Lookups('bundle').places(request)!);
    expect(places).toEqual([join(folder, 'part/text.ts'), join(folder, 'one.ts')]);
    unlinkSync(join(folder, 'part/text.ts'));
  });

  it('of the settings of a folder has those that they extend, and those that may come', () => {
    const folder = project(['tsconfig.json', 'more.json']);
    expect(new Lookups('bundle').settings(join(folder, 'part'))).toEqual(
      expect.arrayContaining(['part/tsconfig.json', 'tsconfig.json', 'more.json'].map((name) => join(folder, name))),
    );
  });
});

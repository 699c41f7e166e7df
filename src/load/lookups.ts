/**
 * Where a resolver of modules looks. Neither Node nor the bundler says at which places it looked in vain, so each of
 * their answers is found once more by a resolver whose looks are noted. What it noted counts only where it found the
 * same; where not, nothing is known, and nothing may be concluded.
 */
import type { ResolverFactory } from 'enhanced-resolve';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Looks } from '../../cache/ways.ts';

/** A module that was asked for, and what was found. */
export interface ModuleRequest {
  /** As it is written in the code. */
  readonly specifier: string;
  /** The folder of the module that asks, without links. */
  readonly folder: string;
  /** The file that was found, without links. */
  readonly found: string;
  /** Those under which entries of `exports` were chosen. */
  readonly conditions: readonly string[];
}

/** How a resolver searches: as Node does for `import`, as it does for `require`, or as the bundler of steps. */
export type Manner = 'import' | 'require' | 'bundle';

/** Loaded when something was searched for: most builds search for nothing. */
const load = (): typeof import('enhanced-resolve') => createRequire(import.meta.url)('enhanced-resolve') as never;

type Options = Parameters<typeof ResolverFactory.createResolver>[0];
type Resolver = ReturnType<typeof ResolverFactory.createResolver>;

/** Whoever asks for it sees the settings, and nothing else. */
const NO_MODULE = './no-such-module';

const NODE_EXTENSIONS = ['.js', '.json', '.node'];
const MANNERS: Readonly<Record<Manner, Partial<Options>>> = {
  import: { extensions: NODE_EXTENSIONS, mainFields: ['main'], fullySpecified: true },
  require: { extensions: NODE_EXTENSIONS, mainFields: ['main'] },
  bundle: {
    extensions: ['.tsx', '.ts', '.jsx', '.js', '.css', '.json'],
    extensionAlias: {
      '.js': ['.js', '.ts', '.tsx'],
      '.jsx': ['.jsx', '.ts', '.tsx'],
      '.mjs': ['.mjs', '.mts'],
      '.cjs': ['.cjs', '.cts'],
    },
    mainFields: ['main', 'module'],
    tsconfig: true,
  },
};

/** Asks for modules again, and notes where it looks. One serves one moment: it looks at each path once. */
export class Lookups {
  readonly #manner: Manner;
  readonly #looks: Looks;
  readonly #resolvers = new Map<string, Resolver>();
  readonly #stats = new Map<string, ReturnType<typeof statSync>>();
  readonly #texts = new Map<string, Buffer>();
  #noted = new Set<string>();

  constructor(manner: Manner, looks = new Looks()) {
    this.#manner = manner;
    this.#looks = looks;
  }

  /** The paths that decide a request, there or not; undefined where this finds something else than was found. */
  places({ specifier, folder, found, conditions }: ModuleRequest): readonly string[] | undefined {
    const { path, places } = this.#exactly(folder, specifier) ?? this.#ask(folder, specifier, conditions);
    if (path === undefined || this.#looks.way(path).end !== found) return undefined;
    return places.filter((place) => !this.#isFolderAbove(place, path));
  }

  /** A relative path to a file means that file: no resolver looks further. Most code names files in full. */
  #exactly(folder: string, specifier: string): { path: string; places: readonly string[] } | undefined {
    if (!/^\.\.?\//.test(specifier)) return undefined;
    const path = join(folder, specifier);
    return statSync(path, { throwIfNoEntry: false })?.isFile() ? { path, places: [path] } : undefined;
  }

  /** The settings that count for the modules of a folder, there or not, with those that they extend. */
  settings(folder: string): readonly string[] {
    const { places } = this.#ask(folder, NO_MODULE, []);
    return places.filter((place) => !place.startsWith(join(folder, NO_MODULE)));
  }

  #ask(folder: string, specifier: string, conditions: readonly string[]) {
    this.#noted = new Set();
    const path = this.#resolved(folder, specifier, conditions);
    return { path, places: [...this.#noted] };
  }

  #resolved(folder: string, specifier: string, conditions: readonly string[]): string | undefined {
    try {
      return this.#resolver(conditions).resolveSync({}, folder, specifier) || undefined;
    } catch {
      return undefined;
    }
  }

  /** What lies below it says whether it is there. */
  #isFolderAbove(place: string, path: string): boolean {
    return path.startsWith(`${place}/`) && this.#stats.get(place)?.isDirectory() === true;
  }

  #resolver(conditions: readonly string[]): Resolver {
    const key = conditions.join(' ');
    const known = this.#resolvers.get(key);
    if (known) return known;
    const made = load().ResolverFactory.createResolver({
      ...MANNERS[this.#manner],
      conditionNames: [...conditions],
      fileSystem: this.#fileSystem(),
      useSyncFileSystemCalls: true,
      unsafeCache: false,
      // Where links lead is asked of the way, which has each of them.
      symlinks: false,
    });
    this.#resolvers.set(key, made);
    return made;
  }

  #fileSystem(): Options['fileSystem'] {
    const noting =
      <Args extends unknown[], T>(look: (path: string, ...args: Args) => T) =>
      (path: string, ...args: Args): T => {
        this.#noted.add(path);
        return look(path, ...args);
      };
    const stat = (path: string) => {
      if (!this.#stats.has(path)) this.#stats.set(path, statSync(path, { throwIfNoEntry: false }));
      return this.#stats.get(path) ?? nothing(path);
    };
    const readFile = (path: string, encoding?: BufferEncoding) => {
      const text = this.#texts.get(path) ?? readFileSync(path);
      this.#texts.set(path, text);
      return encoding === undefined ? text : text.toString(encoding);
    };
    return {
      statSync: noting(stat),
      lstatSync: noting(lstatSync),
      readFileSync: noting(readFile),
      readdirSync: noting(readdirSync),
      readlinkSync: noting(readlinkSync),
    } as unknown as Options['fileSystem'];
  }
}

function nothing(path: string): never {
  throw Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' });
}

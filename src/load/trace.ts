/** What build files and rules look at when they are evaluated: modules, and whether anything that is not a module. */
import { isBuiltin, registerHooks, type ResolveHookContext } from 'node:module';
import { dirname, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Looks } from '../../cache/ways.ts';
import { ENGINE_FOLDERS } from '../model/own-files.ts';
import { importPlace } from './failed-at.ts';
import { insteadOfModule } from './impure.ts';
import type { ModuleRequest } from './lookups.ts';
import { watchImpure } from './watch.ts';

/** The engine's own modules may look where they like. */
const ENGINE = ENGINE_FOLDERS.map((folder) => pathToFileURL(folder).href);

export class LoadTrace {
  /** Absolute paths of what was loaded, without links and without the engine's own. */
  readonly modules = new Set<string>();
  /** Absolute paths by which modules were asked for: links may be on the way. */
  readonly paths = new Set<string>();
  /** What lay at all of these before it was read. */
  readonly looks = new Looks();
  readonly #searches = new Map<string, Search>();
  #watching = false;
  #outside: LookOutside | undefined;

  constructor() {
    registerHooks({
      resolve: (specifier, context, next) => {
        const resolved = next(specifier, context);
        if (this.#watching) this.#see(specifier, context, resolved.url);
        return resolved;
      },
    });
  }

  /** The first reason why what was evaluated may give something else next time although no module has changed. */
  get outside(): LookOutside | undefined {
    return this.#outside;
  }

  /** Requests that Node had to search for. */
  get searches(): Iterable<Search> {
    return this.#searches.values();
  }

  /** Until this is disposed of, code of build files and rules runs: what it asks for is noted. */
  watch(): Disposable {
    const environment = process.env;
    // It may hold secrets, and what a build file needs is a parameter.
    process.env = Object.create(null) as NodeJS.ProcessEnv;
    const end = watchImpure(({ path }, at) => this.#looksOutside(`uses ${path}`, at?.file, at?.line));
    this.#watching = true;
    return {
      [Symbol.dispose]: () => {
        this.#watching = false;
        end();
        process.env = environment;
      },
    };
  }

  #looksOutside(does: string, file?: string, line?: number): void {
    this.#outside ??= { does, file, line };
  }

  #imports(specifier: string, file: string | undefined): void {
    const place = this.#outside || file === undefined ? undefined : importPlace(file, (one) => one === specifier);
    this.#looksOutside(`imports ${specifier}`, file, place?.line);
  }

  #see(specifier: string, { parentURL: parent, conditions }: ResolveHookContext, url: string): void {
    const byEngine = isEngine(parent);
    const file = parent?.startsWith('file:') ? fileURLToPath(parent) : undefined;
    if (isBuiltin(specifier)) {
      if (!byEngine && insteadOfModule(specifier) !== undefined) this.#imports(specifier, file);
    } else if (!url.startsWith('file:')) {
      this.#imports(specifier, file);
    } else {
      const found = fileURLToPath(url);
      if (!isEngine(url)) this.#note(this.modules, found);
      // Of the engine's own requests only those for build files are about the project.
      if (!byEngine || specifier.startsWith('file:')) this.#noteWay(specifier, parent, conditions, found);
    }
  }

  #note(paths: Set<string>, path: string): void {
    paths.add(path);
    this.looks.way(path);
  }

  /** `import` takes a path as it stands; for all else Node looks in several places. */
  #noteWay(specifier: string, parent: string | undefined, conditions: readonly string[], found: string): void {
    const manner = conditions.includes('require') ? 'require' : 'import';
    if (manner === 'import' && /^(\.{0,2}\/|file:)/.test(specifier))
      this.#note(this.paths, fileURLToPath(new URL(specifier, parent)));
    else if (parent?.startsWith('file:')) {
      const folder = dirname(fileURLToPath(parent));
      this.#searches.set(`${folder}\0${specifier}\0${manner}`, { manner, specifier, folder, found, conditions });
    }
  }
}

/** That code looks where no module is, and where that code is, as far as it is known. */
interface LookOutside {
  /** `uses Date.now`, `imports node:fs`. */
  readonly does: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** `rules.ts:3 imports node:fs`. */
export function describeOutside({ does, file, line }: LookOutside): string {
  const place = file === undefined ? 'a build file' : relative(process.cwd(), file);
  return `${place}${line === undefined ? '' : `:${line}`} ${does}`;
}

/** A request for a module, and how Node searched for it. */
export interface Search extends ModuleRequest {
  readonly manner: 'import' | 'require';
}

function isEngine(url: string | undefined): boolean {
  return url !== undefined && ENGINE.some((folder) => url.startsWith(folder));
}

/** What build files and rules look at when they are evaluated: modules, and whether anything that is no module. */
import { isBuiltin, registerHooks } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ENGINE_FOLDERS } from '../model/own-files.ts';

/** Modules of Node that see nothing of the machine. */
const PURE_BUILTINS = new Set(['assert', 'buffer', 'path', 'path/posix', 'url', 'util', 'util/types']);
/** Globals by which code sees the clock, the environment, chance or the network. */
const WORLD = ['process', 'Date', 'performance', 'crypto', 'fetch', 'Temporal', 'navigator'] as const;
/** The engine's own modules may look where they like. */
const ENGINE = ENGINE_FOLDERS.map((folder) => pathToFileURL(folder).href);

/** A package that a module of a folder asked for by name. */
export interface PackageRequest {
  readonly folder: string;
  readonly name: string;
}

export class LoadTrace {
  /** Absolute paths of what was loaded, without the engine's own. */
  readonly modules = new Set<string>();
  readonly #requests = new Map<string, PackageRequest>();
  #watching = false;
  #looksOutside = false;

  constructor() {
    registerHooks({
      resolve: (specifier, context, next) => {
        const resolved = next(specifier, context);
        if (this.#watching) this.#note(specifier, context.parentURL, resolved.url);
        return resolved;
      },
    });
  }

  /** Whether what was evaluated may give something else next time although no module has changed. */
  get looksOutside(): boolean {
    return this.#looksOutside;
  }

  get requests(): Iterable<PackageRequest> {
    return this.#requests.values();
  }

  /** Until this is disposed of, code of build files and rules runs: what it asks for is noted. */
  watch(): Disposable {
    const note = (): void => {
      this.#looksOutside = true;
    };
    const undo = WORLD.map((name) => watchProperty(globalThis, name, note));
    undo.push(watchProperty(Math, 'random', note));
    this.#watching = true;
    return {
      [Symbol.dispose]: () => {
        this.#watching = false;
        for (const one of undo) one();
      },
    };
  }

  #note(specifier: string, parent: string | undefined, url: string): void {
    const byEngine = isEngine(parent);
    if (isBuiltin(specifier)) {
      if (!byEngine && !PURE_BUILTINS.has(specifier.replace(/^node:/, ''))) this.#looksOutside = true;
    } else if (!url.startsWith('file:')) {
      this.#looksOutside = true;
    } else {
      if (!isEngine(url)) this.modules.add(fileURLToPath(url));
      if (!byEngine) this.#noteRequest(specifier, parent);
    }
  }

  #noteRequest(specifier: string, parent: string | undefined): void {
    const [name] = /^(?:@[^/]+\/)?[^./#@][^/:]*(?=\/|$)/.exec(specifier) ?? [];
    if (name === undefined || !parent?.startsWith('file:')) return;
    const folder = dirname(fileURLToPath(parent));
    this.#requests.set(`${folder}\0${name}`, { folder, name });
  }
}

function isEngine(url: string | undefined): boolean {
  return url !== undefined && ENGINE.some((folder) => url.startsWith(folder));
}

/** Calls back when a property is read; gives what undoes it. */
function watchProperty(of: object, name: string, onRead: () => void): () => void {
  const before = Object.getOwnPropertyDescriptor(of, name);
  if (!before?.configurable) return () => {};
  Object.defineProperty(of, name, {
    configurable: true,
    enumerable: before.enumerable ?? false,
    get() {
      onRead();
      return before.get ? (before.get.call(of) as unknown) : (before.value as unknown);
    },
  });
  return () => Object.defineProperty(of, name, before);
}

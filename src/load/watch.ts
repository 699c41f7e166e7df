/** Watches code as it runs: whether it uses what `impure.ts` lists. */
import { fileURLToPath } from 'node:url';
import { callFrames } from '../model/call-site.ts';
import type { Location } from '../model/diagnostic.ts';
import { isEngine } from '../model/thrown-at.ts';
import { IMPURE, type Impure } from './impure.ts';

/** `at`: where the code is that uses it; undefined where the stack does not tell. */
export type OnUse = (what: Impure, at: Location | undefined) => void;

/** Calls back when anything of the list is used by other code than the engine's and Node's. Gives what ends the watch. */
export function watchImpure(onUse: OnUse): () => void {
  const lazy = isLoaded(LAZY.module) ? undefined : IMPURE.find(({ path }) => path === LAZY.path);
  const use = (what: Impure): void => {
    const frames = callFrames(FRAMES);
    const user = userOf(frames);
    const byLazy = frames.some((frame) => frame.getFileName() === LAZY.file);
    if (user !== 'engine') onUse(lazy && byLazy ? lazy : what, user);
  };
  const undo = IMPURE.filter((what) => what !== lazy).flatMap((what) => {
    const [holder, name] = holderOf(what.path);
    return holder ? [watchProperty(holder, name, what, () => use(what))] : [];
  });
  return () => {
    undo.reverse().forEach((one) => one());
    if (lazy && isLoaded(LAZY.module)) onUse(lazy, undefined);
  };
}

/**
 * Node loads a large module as soon as anybody looks at this property, which takes longer than the rest of a build with
 * nothing to do. So it is left alone, and whether the module was loaded tells of its use.
 */
const LAZY = {
  path: 'WebSocket',
  module: 'NativeModule internal/deps/undici/undici',
  file: 'node:internal/deps/undici/undici',
};

/** The global may be watched. */
const PROCESS = process as { readonly moduleLoadList?: readonly string[] };

/** Where Node does not tell, it counts as loaded. */
function isLoaded(module: string): boolean {
  return PROCESS.moduleLoadList?.includes(module) ?? true;
}

/** More than the engine and Node put between code and what it uses. */
const FRAMES = 50;

/** Whose code is on the stack: the innermost that is of neither the engine nor Node. */
function userOf(frames: readonly NodeJS.CallSite[]): Location | undefined | 'engine' {
  const files = frames.map((frame) => frame.getFileName() ?? '');
  if (files.every((file) => file === '')) return undefined;
  const at = files.findIndex((file) => file !== '' && !file.startsWith('node:') && !isEngine(pathOf(file)));
  const frame = frames[at];
  if (!frame) return 'engine';
  return { file: pathOf(files[at]!), line: frame.getLineNumber() ?? 1, column: frame.getColumnNumber() ?? 1 };
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}

function holderOf(path: string): [holder: object | undefined, name: string] {
  const names = path.split('.');
  const name = names.pop()!;
  // Some are missing in some versions of Node.
  const holder = names.reduce<unknown>((of, one) => (of as Record<string, unknown> | undefined)?.[one], globalThis);
  return [holder as object | undefined, name];
}

/** Puts a property that tells of its use in the place of one. */
function watchProperty(of: object, name: string, what: Impure, onUse: () => void): () => void {
  const before = Object.getOwnPropertyDescriptor(of, name);
  if (!before?.configurable) return () => {};
  const read = (): unknown => (before.get ? before.get.call(of) : before.value);
  if (!what.pureGiven) return replace(of, name, before, () => (onUse(), read()));
  const value = read() as WatchedFunction;
  const watched = watchCalls(value, what.pureGiven, onUse);
  const undo = replace(of, name, before, () => watched);
  // What it has made leads back to it.
  const constructor = value.prototype && Object.getOwnPropertyDescriptor(value.prototype, 'constructor');
  if (!value.prototype || !constructor?.configurable) return undo;
  const undoConstructor = replace(value.prototype, 'constructor', constructor, () => watched);
  return () => (undoConstructor(), undo());
}

/** The one that is watched. */
const DATE: unknown = Date;

type WatchedFunction = ((...args: unknown[]) => unknown) & { readonly prototype?: object };

function watchCalls(of: WatchedFunction, given: Impure['pureGiven'] & {}, onUse: () => void): WatchedFunction {
  const look = (args: readonly unknown[], isNew: boolean): void => {
    // `Date(…)` is the present time as a text, whatever it is given.
    const isPure = args.length >= given.least && args.length <= given.most && (isNew || of !== DATE);
    if (!isPure || args.slice(0, given.least).includes(undefined)) onUse();
  };
  return new Proxy(of, {
    apply: (target, self, args: unknown[]) => (look(args, false), Reflect.apply(target, self, args)),
    construct: (target, args: unknown[], made) => (look(args, true), Reflect.construct(target, args, made) as object),
  });
}

function replace(of: object, name: string, before: PropertyDescriptor, get: () => unknown): () => void {
  const set = function (this: object, value: unknown): void {
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  };
  Object.defineProperty(of, name, { configurable: true, enumerable: before.enumerable ?? false, get, set });
  return () => Object.defineProperty(of, name, before);
}

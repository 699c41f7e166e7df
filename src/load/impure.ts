/**
 * What build files and rules must not use: all that tells them something that no key has. The one list of it, for the
 * check of their text (`purity.ts`) and for the watch over them as they run (`watch.ts`).
 */

const SOURCES = "name sources with file('…') and folder('…'); a step may read them";
const PARAMETERS = 'declare a parameter: param.string({ default, doc }), set with --set';
const STEPS = 'do it in a step: an action runs when its inputs change';
const CHANCE = 'write a fixed value, or declare a parameter';
const FETCH = "fetch it in a target: debianPackages('…'), or a file beside the build file";
const LOCALE = "name the locale ('en'), or compare and write texts without one";
const ZONE = 'use UTC: toISOString(), getUTCHours() and their like';
const PLAIN = 'write what it would do: what such code uses cannot be seen in its text';

/** Modules of Node that compute and nothing else, with what is below them (`path/posix`). */
const PURE_MODULES = new Set(['assert', 'buffer', 'path', 'querystring', 'string_decoder', 'url', 'util']);

const MODULE_HINTS: Readonly<Record<string, string>> = { fs: SOURCES, os: PARAMETERS, process: PARAMETERS };

/** What to do instead of using a module of Node; undefined for one that is pure. */
export function insteadOfModule(specifier: string): string | undefined {
  const [name = ''] = specifier.replace(/^node:/, '').split('/');
  return PURE_MODULES.has(name) ? undefined : (MODULE_HINTS[name] ?? STEPS);
}

/** Something that the global object leads to. */
export interface Impure {
  /** From the global object: `Date.now`, `String.prototype.localeCompare`. */
  readonly path: string;
  /** What to do instead. */
  readonly instead: string;
  /** A function that is pure when it is called with so many arguments. */
  readonly pureGiven?: { readonly least: number; readonly most: number };
}

const all = (instead: string, ...paths: string[]): Impure[] => paths.map((path) => ({ path, instead }));

const unlessGiven = (least: number, instead: string, ...paths: string[]): Impure[] =>
  paths.map((path) => ({ path, instead, pureGiven: { least, most: Infinity } }));

const methods = (of: string, names: string): string[] => names.split(' ').map((name) => `${of}.prototype.${name}`);

export const IMPURE: readonly Impure[] = [
  ...all(PARAMETERS, 'process', 'navigator', 'localStorage', 'sessionStorage'),
  ...all(CHANCE, 'performance', 'crypto', 'Math.random', 'Date.now', 'Temporal.Now', 'WeakRef', 'FinalizationRegistry'),
  ...all(FETCH, 'fetch'),
  ...all(STEPS, 'WebSocket', 'EventSource', 'XMLHttpRequest', 'BroadcastChannel', 'Worker', 'Atomics.wait'),
  ...all(STEPS, 'Atomics.waitAsync', 'setTimeout', 'setInterval', 'setImmediate'),
  // Without an argument it is now; with several, and in these methods, it is in the machine's time zone.
  { path: 'Date', instead: CHANCE, pureGiven: { least: 1, most: 1 } },
  ...all(ZONE, ...methods('Date', 'getDate getDay getFullYear getHours getMinutes getMonth getYear getTimezoneOffset')),
  ...all(ZONE, ...methods('Date', 'setDate setFullYear setHours setMinutes setMonth setYear')),
  ...all(ZONE, ...methods('Date', 'toString toDateString toTimeString toLocaleDateString toLocaleTimeString')),
  // The machine's locale, unless one is named.
  ...all(ZONE, 'Intl.DateTimeFormat'),
  ...unlessGiven(1, LOCALE, 'Intl.Collator', 'Intl.DurationFormat', 'Intl.ListFormat', 'Intl.NumberFormat'),
  ...unlessGiven(1, LOCALE, 'Intl.PluralRules', 'Intl.RelativeTimeFormat', 'Intl.Segmenter'),
  ...unlessGiven(1, LOCALE, ...methods('String', 'toLocaleLowerCase toLocaleUpperCase')),
  ...unlessGiven(2, LOCALE, ...methods('String', 'localeCompare')),
  ...['Array', 'BigInt', 'Number'].flatMap((of) => unlessGiven(1, LOCALE, `${of}.prototype.toLocaleString`)),
  ...all(ZONE, 'Date.prototype.toLocaleString'),
];

/** What hides from the check of the text, and is no harm as it runs: what it uses is seen then. */
export const HIDING: readonly Impure[] = [
  ...all(PLAIN, 'eval', 'Function', 'Error.captureStackTrace', 'Error.prepareStackTrace', 'Error.stackTraceLimit'),
  ...all('use import', 'require'),
  ...all(PARAMETERS, 'import.meta.env'),
];

/** Objects of which a text must say what it takes: `Math.max`, and neither `Math[name]` nor `const { max } = Math`. */
export const HOLDERS: ReadonlySet<string> = new Set([
  'Atomics',
  'Date',
  'Intl',
  'Math',
  'Temporal',
  'global',
  'globalThis',
]);

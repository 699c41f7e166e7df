/** The loading phase: runs build files as they are and names what they export. */
import { existsSync, readdirSync } from 'node:fs';
import { registerHooks, type ResolveFnOutput } from 'node:module';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, Failure, toDiagnostic } from '../model/diagnostic.ts';
import { label, splitLabel, type Label } from '../model/label.ts';
import { isOwn, OWN_CONDITIONS } from '../model/own-files.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import { thrownAt } from '../model/thrown-at.ts';
import { failedAt } from './failed-at.ts';
import { requirePackageName, requireTargetName } from './names.ts';
import { nearest } from './nearest.ts';
import { LoadTrace } from './trace.ts';
import { BUILD_FILE, ALIEN_FOLDERS, packageOf } from './workspace.ts';

/** The targets and parameters of the packages that were loaded. */
export interface Loaded {
  readonly root: string;
  readonly targets: ReadonlyMap<Label, Target>;
  /** The label of each exported target; targets that are only passed along have none. */
  readonly labels: ReadonlyMap<Target, Label>;
  /** By the name that `--set` takes: `mac`, or `guest:serial` for another package's. */
  readonly parameters: ReadonlyMap<string, Parameter | FileParameter>;
  /** Build files, absolute. */
  readonly files: readonly string[];
  /** What was looked at on the way. */
  readonly trace: LoadTrace;
}

/** Loads the packages of the given labels, and every package that they import. */
export async function load(root: string, packages: Iterable<string>): Promise<Loaded> {
  const loader = new Loader(root);
  for (const name of new Set(['', ...packages])) await loader.loadPackage(name);
  return loader;
}

/** Every package below the root: folders with a build file. One that no label can name is an error. */
export function findPackages(root: string): string[] {
  const names = [...packageFolders(root)]
    .filter((folder) => existsSync(join(folder, BUILD_FILE)))
    .map((folder) => relative(root, folder));
  for (const name of names) requirePackageName(root, name);
  return names;
}

/**
 * Every folder below the root that may be a package. Hidden folders are left out, and checkouts of their own: a folder
 * with a `.git` in it, which `exists` is asked for, is the root of another workspace.
 */
export function* packageFolders(root: string, exists: (path: string) => boolean = existsSync): Generator<string> {
  yield root;
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.') || ALIEN_FOLDERS.has(entry.name)) continue;
    const folder = join(root, entry.name);
    if (!exists(join(folder, '.git'))) yield* packageFolders(folder, exists);
  }
}

class Loader implements Loaded {
  readonly root: string;
  readonly targets = new Map<Label, Target>();
  readonly labels = new Map<Target, Label>();
  readonly parameters = new Map<string, Parameter | FileParameter>();
  readonly files: string[] = [];
  readonly trace = new LoadTrace();

  constructor(root: string) {
    this.root = root;
  }

  async loadPackage(name: string): Promise<void> {
    const file = join(this.root, name, BUILD_FILE);
    if (this.files.includes(file)) return;
    if (!existsSync(file)) {
      if (name === '') return;
      const close = nearest(name, findPackages(this.root));
      fail('NO_PACKAGE', `package //${name} has no ${BUILD_FILE}`, {
        hint: close ? `did you mean //${close}?` : 'dsmb list',
      });
    }
    requirePackageName(this.root, name);
    this.files.push(file);
    const exported = await evaluate(file, this.trace);
    for (const [name_, value] of Object.entries(exported)) this.#declare(name, name_, value);
    await this.#loadReferenced(this.targets.values());
  }

  #declare(packageName: string, name: string, value: unknown): void {
    if (isTarget(value)) {
      if (this.labels.has(value)) return;
      requireTargetName(name, value);
      const of = label(packageName, name);
      this.targets.set(of, value);
      this.labels.set(value, of);
      if ('parameter' in value) this.parameters.set(parameterName(packageName, name), value as FileParameter);
    } else if (isParameter(value)) {
      requireTargetName(name, value);
      this.parameters.set(parameterName(packageName, name), value);
    }
  }

  /** Targets made in another build file of the workspace get their names from that file. */
  async #loadReferenced(targets: Iterable<Target>): Promise<void> {
    const found = new Set(targets);
    for (const target of found) {
      const file = target.location?.file;
      if (file && !this.files.includes(file) && basename(file) === BUILD_FILE && file.startsWith(`${this.root}/`))
        await this.loadPackage(packageOf(this.root, file));
      for (const other of references(target)) found.add(other);
    }
  }
}

async function evaluate(file: string, trace: LoadTrace): Promise<Record<string, unknown>> {
  try {
    resolveOwnModules();
    using _watch = trace.watch();
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof Failure) throw error;
    return failure(file, error);
  }
}

async function failure(file: string, error: unknown): Promise<never> {
  const { message } = toDiagnostic(error);
  const place = error instanceof Error ? (failedAt(file, error) ?? thrownAt(error)) : undefined;
  const location = place ?? { file, line: 1, column: 1 };
  const shown = (path: string): string => relative(process.cwd(), path);
  if (error instanceof ReferenceError && message.endsWith('before initialization')) {
    const { importCycle } = await import('./import-cycle.ts');
    const cycle = await importCycle(file);
    if (cycle)
      fail('IMPORT_CYCLE', `modules import each other: ${cycle.map(shown).join(' → ')}`, {
        location,
        detail: message,
        hint: 'move what both need into a module that imports neither',
      });
  }
  return fail('BUILD_FILE_FAILED', `${shown(location.file)}: ${message}`, { location, hint: 'dsmb check' });
}

let resolving = false;

/** Build files get the `dsmb` that loads them, also where node_modules has another one or none: kinds are one thing. */
function resolveOwnModules(): void {
  if (resolving) return;
  resolving = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (!isOwn(specifier)) return asModule(next(specifier, context));
      return next(specifier, {
        ...context,
        parentURL: import.meta.url,
        conditions: [...context.conditions, ...OWN_CONDITIONS],
      });
    },
  });
}

/** TypeScript that a build file runs is written in modules, whatever `type` the nearest package.json has, or none. */
function asModule(resolved: ResolveFnOutput): ResolveFnOutput {
  return /^file:.*\.ts$/.test(resolved.url) ? { ...resolved, format: 'module-typescript' } : resolved;
}

function parameterName(packageName: string, name: string): string {
  return packageName === '' ? name : `${packageName}:${name}`;
}

export function isTarget(value: unknown): value is Target {
  return typeof value === 'object' && value !== null && (value as Target).type === 'target';
}

export function isParameter(value: unknown): value is Parameter {
  return typeof value === 'object' && value !== null && (value as Parameter).type === 'parameter';
}

/** The targets that a target refers to: in its attributes, and its validations. */
export function references(target: Target): Target[] {
  const found = new Set<Target>(target.validations);
  const visit = (value: unknown): void => {
    if (isTarget(value)) found.add(value);
    else if (isParameter(value)) visit(value.default);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
      Object.values(value).forEach(visit);
  };
  if ('parameter' in target) visit((target as FileParameter).parameter);
  else visit(target.attributes);
  return [...found];
}

/** The target of a label; an unknown one is an error that names the nearest. */
export function findTarget(loaded: Loaded, of: Label): Target {
  const target = loaded.targets.get(of);
  if (target) return target;
  const { name } = splitLabel(of);
  const close = nearest(of, loaded.targets.keys());
  const isParam = loaded.parameters.has(name);
  return fail('UNKNOWN_TARGET', `there is no target ${of}${isParam ? ' (it is a parameter)' : ''}`, {
    hint: isParam
      ? `--set ${name}=VALUE gives it a value; dsmb query 'rdeps(//..., ${name})' shows what reads it`
      : close
        ? `did you mean ${close}?`
        : 'dsmb list',
  });
}

/** A random project as plain data: its sources, its targets, and all else that a build depends on. */
import { posix } from 'node:path';
import type { Folder } from './content.ts';

/** What can be an input: each is `file(…)` or `folder(…)` of this path, there or not. */
export const SOURCES = ['f0', 'f1', 'd0', 'd1'] as const;
/** Every path of a source that edits write. */
export const PATHS = ['f0', 'f1', 'd0/a', 'd0/b', 'd0/deep/c', 'd1/a', 'd1/l'] as const;
export type Make = 'all' | 'last' | 'pair' | 'write' | 'large' | 'worked' | 'group' | 'part';

export interface TargetSpec {
  readonly make: Make;
  /** Counted up by each renaming. */
  readonly renamed: number;
  /** Undefined takes the parameter. */
  readonly text: string | undefined;
  /** A variable of the environment. */
  readonly mark: string;
  readonly tool: boolean;
  /** Takes the words that the rules' modules give. */
  readonly said: boolean;
  /** Goes into the name of its output. */
  readonly ending: string;
  /** Indices as `resolve` reads them. */
  readonly of: readonly number[];
  /** Of a part: which one of the folder's. */
  readonly part: number;
  /** The same, for targets only. */
  readonly validations: readonly number[];
}

export interface Spec {
  /** Sets the actions of one random project apart from those of all others on the same store. */
  readonly salt: string;
  readonly sources: Folder;
  /** Those of rules and of the step, and their settings, as `MODULES` has them. */
  readonly modules: Folder;
  readonly targets: readonly TargetSpec[];
  readonly parameter: string;
  /** The word that the tool adds. */
  readonly tool: string;
  /** What the step does, and a comment in it. */
  readonly step: { readonly version: string; readonly comment: string };
  /** A comment in the build file. */
  readonly comment: string;
  /** Which of its two folders it is in. One link leads there; the other folder stays as it was when it was left. */
  readonly home: 0 | 1;
  /** A package whose outputs would lie where those of a target do. */
  readonly clash: { readonly target: number; readonly deep: boolean } | undefined;
}

/** What an index names, seen from a target: a source, or a target in front of it. So every graph is one without cycles. */
export type Reference =
  { readonly type: 'source'; readonly path: string } | { readonly type: 'target'; readonly index: number };

export function resolve(index: number, from: number): Reference {
  const chosen = index % (SOURCES.length + from);
  const path = SOURCES[chosen];
  return path === undefined ? { type: 'target', index: chosen - SOURCES.length } : { type: 'source', path };
}

/** Which of its inputs a target has by what it makes. */
export function inputsOf(spec: Spec, target: TargetSpec, from: number): Reference[] {
  if (target.make === 'write' || target.make === 'large') return [];
  if (target.make === 'part') return [partOf(spec, target, from).of];
  return target.of.map((index) => resolve(index, from));
}

/** The folder that a part is taken from: the next one from what its first index names. And the path of the part. */
export function partOf(
  spec: Spec,
  { of: [first = 0], part }: TargetSpec,
  from: number,
): { of: Reference; path: string } {
  for (let index = first; ; index++) {
    const reference = resolve(index, from);
    const paths = partsOf(spec, reference);
    if (paths) return { of: reference, path: paths[part % paths.length]! };
  }
}

/** Paths in a folder that are there as a rule; undefined for a file. */
function partsOf(spec: Spec, reference: Reference): readonly string[] | undefined {
  if (reference.type === 'source') return { d0: ['a', 'b', 'deep/c'], d1: ['a', 'l'] }[reference.path];
  switch (spec.targets[reference.index]!.make) {
    case 'pair':
      return ['rest/last', 'rest', 'all'];
    case 'group':
      return ['0', '1'];
    default:
      return undefined;
  }
}

/** The targets that must succeed with a target; the first one can have none. */
export function validationsOf({ validations }: TargetSpec, from: number): number[] {
  return from === 0 ? [] : [...new Set(validations.map((index) => index % from))];
}

export function nameOf({ targets }: Pick<Spec, 'targets'>, index: number): string {
  const { renamed } = targets[index]!;
  return `t${index}${renamed === 0 ? '' : `renamed${renamed}`}`;
}

/** The name of its output, where that is a file. */
export function fileNameOf(spec: Spec, target: TargetSpec, from: number): string {
  return target.make === 'part' ? posix.basename(partOf(spec, target, from).path) : `${target.make}${target.ending}`;
}

/** The folder of the package that clashes with a target. */
export function clashingPackage({ clash, ...spec }: Spec): string | undefined {
  if (!clash) return undefined;
  return `${nameOf(spec, clash.target % spec.targets.length)}${clash.deep ? '/below' : ''}`;
}

/** The text of a target that has one. */
export function textOf({ salt, parameter }: Spec, { text }: TargetSpec): string {
  return text === undefined ? parameter : `${salt} ${text}`;
}

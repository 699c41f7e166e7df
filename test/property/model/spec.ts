/** A random project as plain data: its sources, its targets, and all else that a build depends on. */
import type { Folder } from './content.ts';

/** What can be an input: each is `file(…)` or `folder(…)` of this path, there or not. */
export const SOURCES = ['f0', 'f1', 'd0', 'd1'] as const;
/** Every path of a source that edits write. */
export const PATHS = ['f0', 'f1', 'd0/a', 'd0/b', 'd0/deep/c', 'd1/a', 'd1/l'] as const;
/** The paths that `part` takes out of a folder: of sources, and of a `pair`. */
export const PARTS = ['a', 'deep/c', 'rest/last', 'rest', 'all', '0'] as const;

export type Make = 'all' | 'last' | 'pair' | 'write' | 'worked' | 'group' | 'part';

export interface TargetSpec {
  readonly make: Make;
  /** Counted up by each renaming. */
  readonly renamed: number;
  /** Undefined takes the parameter. */
  readonly text: string | undefined;
  /** A variable of the environment. */
  readonly mark: string;
  readonly tool: boolean;
  /** Indices as `resolve` reads them. */
  readonly of: readonly number[];
  readonly part: (typeof PARTS)[number];
  /** The same, for targets only. */
  readonly validations: readonly number[];
}

export interface Spec {
  /** Sets the actions of one random project apart from those of all others on the same store. */
  readonly salt: string;
  readonly sources: Folder;
  readonly targets: readonly TargetSpec[];
  readonly parameter: string;
  /** The word that the tool adds. */
  readonly tool: string;
  /** What the step does, and a comment in it. */
  readonly step: { readonly version: string; readonly comment: string };
  /** A comment in the build file. */
  readonly comment: string;
}

/** What an index names, seen from a target: a source, or a target in front of it. So every graph is one without cycles. */
export type Reference =
  { readonly type: 'source'; readonly path: string } | { readonly type: 'target'; readonly index: number };

export function resolve(index: number, from: number): Reference {
  const chosen = index % (SOURCES.length + from);
  const path = SOURCES[chosen];
  return path === undefined ? { type: 'target', index: chosen - SOURCES.length } : { type: 'source', path };
}

/** The targets that must succeed with a target; the first one can have none. */
export function validationsOf({ validations }: TargetSpec, from: number): number[] {
  return from === 0 ? [] : [...new Set(validations.map((index) => index % from))];
}

export function nameOf({ targets }: Spec, index: number): string {
  const { renamed } = targets[index]!;
  return `t${index}${renamed === 0 ? '' : `renamed${renamed}`}`;
}

/** The text of a target that has one. */
export function textOf({ salt, parameter }: Spec, { text }: TargetSpec): string {
  return text === undefined ? parameter : `${salt} ${text}`;
}

/** The kinds that the engine itself knows. Rules declare their own with `kind`. */
import { kind } from './kind.ts';
import type { Target } from './target.ts';

/** Any one file. */
export const File = kind('File', 'file');
export type File = Target<'File'>;

/** Any folder. */
export const Tree = kind('Tree', 'folder');
export type Tree = Target<'Tree'>;

/** A folder of programs and libraries that becomes part of a sandbox's root. */
export const Toolchain = kind('Toolchain', 'folder');
export type Toolchain = Target<'Toolchain'>;

/** What `dsmb run` starts. It is not built, and has no content. */
export const Runnable = kind('Runnable', 'file');
export type Runnable = Target<'Runnable'>;

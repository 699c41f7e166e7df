/** Kinds of artifacts: what makes a `.pat` something else than a loader, in the editor and at run time. */

/** A kind of artifact: its name and whether it is one file or a folder of files. */
export interface Kind<Name extends string = string> {
  readonly name: Name;
  readonly shape: 'file' | 'folder';
}

/** Declares a kind. By habit `export const Disk = kind('Disk', 'folder'); export type Disk = Target<'Disk'>`. */
export function kind<const Name extends string>(name: Name, shape: 'file' | 'folder'): Kind<Name> {
  return { name, shape };
}

/** Labels: `//package:name`, and `//name` for the root package. */
import { fail } from './diagnostic.ts';

declare const labelBrand: unique symbol;

/** The name of a target. Made only by `label` and `parseLabel`. */
export type Label = string & { readonly [labelBrand]: true };

const NAME = /^[A-Za-z_$][\w$.]*$/;
/** Folders below the root: no `.` and no `..` among them. */
const PACKAGE = /^(?!\.\.?(\/|$))[\w.-]+(\/(?!\.\.?(\/|$))[\w.-]+)*$/;

/** Whether a folder, relative to the root, can be a package: `''` is the root itself. */
export function isPackageName(text: string): boolean {
  return text === '' || PACKAGE.test(text);
}

/** Whether a target or a parameter of this name can be asked for. */
export function isTargetName(text: string): boolean {
  return NAME.test(text);
}

/** The label of a name in a package; the root package is the empty text. */
export function label(packageName: string, name: string): Label {
  return (packageName === '' ? `//${name}` : `//${packageName}:${name}`) as Label;
}

/** The package and the name of a label. */
export function splitLabel(of: Label): { packageName: string; name: string } {
  const text = of.slice(2);
  const colon = text.indexOf(':');
  return colon < 0
    ? { packageName: '', name: text }
    : { packageName: text.slice(0, colon), name: text.slice(colon + 1) };
}

/** Reads a label as a user types it: `//guest:kernel`, `//cloudTarball`, or `cloudTarball` alone. */
export function parseLabel(text: string): Label {
  const [, packageName = '', name = ''] = /^(?:\/\/)?(?:([^:]*):)?([^:]*)$/.exec(text) ?? [];
  if (!isTargetName(name) || !isPackageName(packageName))
    fail('BAD_LABEL', `'${text}' is not a label`, {
      hint: 'write //name or //package:name; `dsmb list` shows them all',
    });
  return label(packageName, name);
}

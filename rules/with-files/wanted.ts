/** What is to be laid into a file system, out of the attributes of the rule. */
import { fail, sortByCodePoint } from 'dsmb/step';
import { lstatSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Owner and mode of what is laid, or of what is there; absent where nothing is said. */
export interface Rights {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Something to lay. Paths are relative to the file system's root. */
export type Late = Rights & { readonly path: string } & (
    | { readonly type: 'file'; readonly source: string }
    | { readonly type: 'directory' }
    | { readonly type: 'symlink'; readonly target: string }
  );

export interface LateArgs {
  readonly texts: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  readonly modes: Readonly<Record<string, string>>;
  readonly owners: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface Wanted {
  /** Folders before what is in them. */
  readonly lay: readonly Late[];
  readonly remove: readonly string[];
  /** Those that were asked for by path. */
  readonly rights: ReadonlyMap<string, Rights>;
}

/** `scratch`: a folder for the texts. Fails with DISK_CHANGE for what cannot be. */
export function wantedOf(args: LateArgs, files: string | undefined, scratch: string): Wanted {
  const lay = new Map<string, Late>();
  const put = (late: Late): void => {
    for (let at = late.path.lastIndexOf('/'); at > 0; at = late.path.lastIndexOf('/', at - 1)) {
      const above = late.path.slice(0, at);
      if (!lay.has(above)) lay.set(above, { path: above, type: 'directory', mode: 0o755 });
    }
    lay.set(late.path, late);
  };
  if (files !== undefined) for (const late of filesBelow(files, '')) put(late);
  for (const [index, [path, text]] of Object.entries(args.texts).entries()) {
    const source = join(scratch, `text${index}`);
    writeFileSync(source, text);
    put({ path: pathOf(path), type: 'file', source, mode: 0o644 });
  }
  for (const [path, target] of Object.entries(args.links))
    put({ path: pathOf(path), type: 'symlink', target: textOf(target, path), mode: 0o777 });
  const rights = rightsOf(args);
  for (const [path, right] of rights) {
    const late = lay.get(path);
    if (late) lay.set(path, { ...late, ...right });
  }
  for (const { path } of lay.values()) {
    const above = lay.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    if (above && above.type !== 'directory') bad(`/${above.path} is to be a ${above.type}, and /${path} lies in it`);
  }
  return {
    lay: sortByCodePoint(lay.values(), ({ path }) => path),
    remove: args.remove.map(pathOf),
    rights,
  };
}

function* filesBelow(root: string, below: string): Generator<Late> {
  for (const name of sortByCodePoint(readdirSync(join(root, below)))) {
    const path = pathOf(below === '' ? name : `${below}/${name}`);
    const source = join(root, path);
    const stats = lstatSync(source);
    if (stats.isDirectory()) {
      yield { path, type: 'directory', mode: 0o755 };
      yield* filesBelow(root, path);
    } else if (stats.isSymbolicLink()) yield { path, type: 'symlink', target: readlinkSync(source), mode: 0o777 };
    else yield { path, type: 'file', source, mode: (stats.mode & 0o111) === 0 ? 0o644 : 0o755 };
  }
}

function rightsOf({ modes, owners }: LateArgs): ReadonlyMap<string, Rights> {
  const rights = new Map<string, Rights>();
  for (const [path, mode] of Object.entries(modes)) {
    if (!/^[0-7]{3,4}$/.test(mode)) bad(`the mode of ${path} is '${mode}', and no octal number such as 640`);
    rights.set(pathOf(path), { mode: Number.parseInt(mode, 8) });
  }
  for (const [path, owner] of Object.entries(owners)) {
    const [, uid, gid] =
      /^(\d{1,9}):(\d{1,9})$/.exec(owner) ?? bad(`the owner of ${path} is '${owner}', and not as 1000:1000`);
    rights.set(pathOf(path), { ...rights.get(pathOf(path)), uid: Number(uid), gid: Number(gid) });
  }
  return rights;
}

/** As it is in the file system, without a slash in front. */
function pathOf(path: string): string {
  const parts = textOf(path, path)
    .split('/')
    .filter((part) => part !== '');
  if (parts.length === 0 || parts.some((part) => ['.', '..'].includes(part)))
    bad(`${JSON.stringify(path)} is no path of a file`);
  return parts.join('/');
}

/** The programs that lay files take their names from lines of text. */
function textOf(text: string, path: string): string {
  return /\p{Cc}/u.test(text) || !text.isWellFormed()
    ? bad(`${JSON.stringify(path)} has a control character or half of a character`)
    : text;
}

function bad(message: string): never {
  return fail('DISK_CHANGE', message);
}

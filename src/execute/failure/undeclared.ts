/**
 * What a failed action looked for although it is not among its inputs: a file of the workspace, an input that is not
 * declared, a file of the machine, a program of another toolchain. Only what was looked at is said, never a guess.
 */
import { lstatSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, posix, relative } from 'node:path';
import type { ActionNode } from '../../analysis/action.ts';
import { findWorkspace } from '../../load/workspace.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { nearest } from '../../load/nearest.ts';
import { missingIn } from './missing-paths.ts';

/** What is to be said: with a `code`, as the error itself; without, beside it. */
export interface Undeclared extends Pick<Diagnostic, 'hint' | 'location' | 'attribute'> {
  readonly hint: string;
  readonly code?: 'UNDECLARED_INPUT';
  /** Without the name of the action. */
  readonly message?: string;
}

/** A source that the target's attributes or the action's inputs name. */
interface Source {
  readonly path: string;
  readonly isFolder: boolean;
  /** Where it is mounted, for an input. */
  readonly mounted?: string;
  /** The attribute of the rule's call, for one that is given there. */
  readonly attribute?: string;
}

const MAX_LISTED = 20;

/** Packages of toolchains that have a program or file, by its path without the leading slash. */
export type FindPackages = (path: string) => readonly string[] | undefined;

/** Looks through what a failed action said; undefined where nothing in it is known to be elsewhere. */
export function undeclaredRead(node: ActionNode, said: string, packagesWith: FindPackages): Undeclared | undefined {
  const { paths, programs, started } = missingIn(said);
  for (const path of paths) {
    const found = pathElsewhere(node, path);
    if (found) return found;
  }
  for (const program of programs) {
    const found = programElsewhere(node, program, packagesWith);
    if (found) return found;
  }
  const [program] = started;
  if (program === undefined) return undefined;
  const of = `${node.label} (${node.mnemonic})`;
  return { hint: `\`${program}\` is in no toolchain of ${of}; add one with the Debian package that has it` };
}

function pathElsewhere(node: ActionNode, path: string): Undeclared | undefined {
  const sources = sourcesOf(node);
  const workspace = workspaceOf(node);
  if (workspace === undefined) return undefined;
  for (const place of placesOf(path, sources, node, workspace)) {
    if (!isBelow(place, workspace) || /(^|\/)(dsmb-out|\.git|node_modules)(\/|$)/.test(relative(workspace, place)))
      continue;
    if (!isThere(place, path)) continue;
    const input = sources.find((source) => source.mounted !== undefined && covers(source, place));
    if (!input) return undeclaredFile(node, place, sources, workspace);
    if (join(input.mounted!, relative(input.path, place)) !== posix.normalize(path))
      return {
        hint: `${relative(workspace, place)} is among its inputs, as ${join(input.mounted!, relative(input.path, place))}`,
      };
  }
  return missingInput(node, path) ?? fileOfMachine(path);
}

/** Where a path of the sandbox may be meant to lead on the machine, the surest first. */
function placesOf(path: string, sources: readonly Source[], node: ActionNode, workspace: string): string[] {
  const folders = sources.map(({ path: at, isFolder }) => (isFolder ? at : dirname(at)));
  const around = [...folders, ...sources.map(({ path: at }) => dirname(at))];
  if (!isAbsolute(path)) {
    const declared = node.call.location ? [dirname(node.call.location.file)] : [];
    return [...around, ...declared, workspace].map((folder) => normalize(join(folder, path)));
  }
  const inside = posix.normalize(path);
  if (!inside.startsWith('/in/')) return [inside];
  const [name = '', ...rest] = inside.slice('/in/'.length).split('/');
  const input = sources.find(({ mounted }) => mounted === `/in/${name}`);
  // A path that leaves one input for another name means what lies beside it: `/in/files/../common.h`.
  if (!input) return around.map((folder) => join(folder, name, ...rest));
  return [join(input.path, ...rest)];
}

function undeclaredFile(node: ActionNode, place: string, sources: readonly Source[], workspace: string): Undeclared {
  const shown = relative(workspace, place);
  const { location } = node.call;
  const written = location ? relative(dirname(location.file), place) : shown;
  const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const call = `${isFolder ? 'folder' : 'file'}('${written}')`;
  const attribute = nearestAttribute(sources, place) ?? inputAttribute(node);
  return {
    code: 'UNDECLARED_INPUT',
    message: `it looked for ${shown}, which is not among its inputs`,
    hint: attribute
      ? `add ${call} to the attribute \`${attribute}\` of ${node.label}`
      : `give ${call} to an attribute of ${node.label}; if none becomes an input, the rule ${node.call.rule} needs one (\`srcs?: readonly Target[]\`) that it passes on in \`inputs\` of the action ${node.mnemonic}`,
    ...(location ? { location } : {}),
    ...(attribute ? { attribute } : {}),
  };
}

/** The attribute with the source that lies nearest; one of a list stands for the list. */
function nearestAttribute(sources: readonly Source[], place: string): string | undefined {
  const distance = ({ path }: Source): number => relative(dirname(path), place).split('/').length;
  const [first] = sources.filter(({ attribute }) => attribute).toSorted((a, b) => distance(a) - distance(b));
  return first?.attribute?.replace(/\[\d+\]$/, '');
}

/** A list of targets that the action has among its inputs: a source may be one of them as well. */
function inputAttribute({ call, inputs }: ActionNode): string | undefined {
  const makers = new Set(
    inputs.values().flatMap(({ origin }) => (origin.type === 'action' ? [origin.action.label] : [])),
  );
  return call.lists.find(([, made]) => made.some((label) => makers.has(label)))?.[0];
}

function missingInput(node: ActionNode, path: string): Undeclared | undefined {
  const [, name] = /^\/in\/([^/]+)/.exec(posix.normalize(path)) ?? [];
  if (name === undefined || node.inputs.has(name)) return undefined;
  const names = [...node.inputs.keys()];
  const close = nearest(name, names);
  const { rule, location } = node.call;
  return {
    code: 'UNDECLARED_INPUT',
    message: `it looked for /in/${name}, but has no input '${name}'`,
    hint: [
      close ? `did you mean /in/${close}? ` : '',
      names.length > 0 ? `its inputs are ${listOf(names)}` : 'it has no inputs',
      `; the rule ${rule} declares them as \`inputs\` of the action ${node.mnemonic}`,
    ].join(''),
    ...(location ? { location } : {}),
  };
}

function listOf(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return `${names.slice(0, MAX_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function fileOfMachine(path: string): Undeclared | undefined {
  if (!isAbsolute(path) || /^\/(in|out|tmp|dsmb|memo|proc|dev|sys)(\/|$)/.test(path)) return undefined;
  if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
  return { hint: `${path} is a file of this machine: an action sees only its inputs and toolchains` };
}

/** A program that the action's toolchains have not, and the package that has it, where one is known. */
export function programElsewhere(
  node: ActionNode,
  program: string,
  packagesWith: FindPackages,
): Undeclared | undefined {
  const of = `${node.label} (${node.mnemonic})`;
  const paths = isAbsolute(program)
    ? [program.slice(1)]
    : ['usr/bin', 'bin', 'usr/sbin', 'sbin'].map((folder) => `${folder}/${program}`);
  for (const path of paths) {
    const packages = packagesWith(path);
    if (!packages) continue;
    const call = `toolchain(${packages.map((name) => `'${name}'`).join(', ')})`;
    return { hint: `\`${program}\` is in no toolchain of ${of}; add ${call}` };
  }
  return undefined;
}

/** Sources of the inputs, and those that are written in the rule's call. */
function sourcesOf({ inputs, call }: ActionNode): Source[] {
  const found: Source[] = [];
  for (const [name, { origin, path }] of inputs)
    if (origin.type === 'source') {
      const at = path === '' ? origin.path : join(origin.path, path);
      found.push({ path: trimmed(at), isFolder: isFolder(at), mounted: `/in/${name}` });
    }
  for (const [attribute, { path }] of call.sources) {
    const known = found.findIndex((one) => one.path === trimmed(path) && !one.attribute);
    if (known >= 0) found[known] = { ...found[known]!, attribute };
    else found.push({ path: trimmed(path), isFolder: isFolder(path), attribute });
  }
  return found;
}

function workspaceOf({ call: { location } }: ActionNode): string | undefined {
  try {
    return location && findWorkspace(dirname(location.file));
  } catch {
    return undefined;
  }
}

function covers({ path, isFolder }: Source, place: string): boolean {
  return place === path || (isFolder && isBelow(place, path));
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** A bare word may be anything: only a file of that name counts, and no folder. */
function isThere(place: string, path: string): boolean {
  const stats = statSync(place, { throwIfNoEntry: false });
  return stats !== undefined && (stats.isFile() || (stats.isDirectory() && path.includes('/')));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

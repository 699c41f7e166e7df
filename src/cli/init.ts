/** `dsmb init`: a new project with a build file that builds. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findWorkspace } from '../load/workspace.ts';
import { fail, Failure } from '../model/diagnostic.ts';
import { OWN_CONDITIONS, OWN_PACKAGE } from '../model/own-files.ts';
import { shellWord } from '../model/shell-word.ts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { printLine } from '../report/print.ts';

export const init: Command = {
  name: 'init',
  summary: 'create a new project',
  usage: '[DIR]',
  examples: [
    ['dsmb init image', 'a project in a new folder, with a build file that builds'],
    ['dsmb init', 'the same in this folder'],
  ],
  options: {},
  run: runInit,
};

/** Sources run as they are; an installed package is compiled. */
const IS_CHECKOUT = OWN_CONDITIONS.length > 0;

/** The files of a new project, beside this one. Names that tools would take for their own are written differently. */
const TEMPLATE = new URL('./template/', import.meta.url);
const PACKAGE = 'package.json';
const NAMES: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

async function runInit(call: Call): Promise<number> {
  const [folderName = '.', ...more] = call.operands;
  if (more.length > 0) fail('USAGE', 'dsmb init takes one folder', { hint: 'dsmb init image' });
  const folder = resolve(folderName);
  requireOutside(folder);
  const found = packageIn(folder);
  requireModules(found);
  const files = templateFiles(folder).filter(([path]) => path !== PACKAGE || !found);
  const there = files.map(([path]) => path).filter((path) => lstatSync(join(folder, path), { throwIfNoEntry: false }));
  if (there.length > 0)
    fail('EXISTS', `${folderName} has ${there.join(', ')} already: nothing was written`, {
      hint: 'dsmb init NEW_FOLDER',
    });
  if (found && found.type === undefined) makeModules(found, folder, folderName);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: 'wx' });
    printLine(`wrote ${join(folderName, path)}`);
  }
  link(folder);
  const enter = folder === process.cwd() ? '' : `cd ${shellWord(folderName)} && `;
  printLine(`\nnow: ${enter}npx dsmb build //page`);
  return EXIT.ok;
}

/** Below a project, a build file makes a package of it. */
function requireOutside(folder: string): void {
  const root = rootAbove(folder);
  if (root !== undefined)
    fail('INSIDE_PROJECT', `${folder} is inside the project in ${root}`, {
      hint: `choose another folder: dsmb init ${shellWord(beside(root, folder))}; a build.dsm.ts in this one makes it a package of that project`,
    });
}

/** A folder of the same name, outside of the project. */
function beside(root: string, folder: string): string {
  return relative(process.cwd(), join(dirname(root), basename(folder)));
}

function rootAbove(folder: string): string | undefined {
  // The end of the workspace that is to be.
  if (existsSync(join(folder, '.git'))) return undefined;
  try {
    return findWorkspace(dirname(folder));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** What is an npm package already stays one: `npm install` makes it. Its modules must not be CommonJS. */
function requireModules(found: NpmPackage | undefined): void {
  if (found?.type === 'commonjs')
    fail('EXISTS', `${PACKAGE} has "type": "commonjs", and build files are ES modules: nothing was written`, {
      hint: 'npm pkg set type=module, then run the same command again',
    });
}

function makeModules(found: NpmPackage, folder: string, folderName: string): void {
  writeFileSync(join(folder, PACKAGE), `${JSON.stringify({ ...found, type: 'module' }, null, 2)}\n`);
  printLine(`set "type": "module" in ${join(folderName, PACKAGE)}`);
}

interface NpmPackage {
  readonly type?: string;
}

/** Undefined where there is none, or what is there is none. */
function packageIn(folder: string): NpmPackage | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, PACKAGE), 'utf8')) as NpmPackage;
  } catch {
    return undefined;
  }
}

function templateFiles(folder: string): (readonly [path: string, text: string])[] {
  const values: Readonly<Record<string, string>> = {
    DSMB: IS_CHECKOUT ? `file:${relative(folder, OWN_PACKAGE)}` : `^${ownVersion()}`,
    NAME: packageName(folder),
    CONDITIONS: IS_CHECKOUT ? `\n    "customConditions": ${JSON.stringify(OWN_CONDITIONS)},` : '',
  };
  const template = fileURLToPath(TEMPLATE);
  const paths = readdirSync(template, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return paths
    .map((entry) => relative(template, join(entry.parentPath, entry.name)))
    .sort()
    .map((path) => {
      const text = readFileSync(join(template, path), 'utf8');
      const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => values[name] ?? '');
      return [NAMES[path] ?? path.replace(/\.template$/, ''), filled] as const;
    });
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(OWN_PACKAGE, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** A name that npm accepts. */
function packageName(folder: string): string {
  const name = (folder.split('/').at(-1) ?? '').toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-');
  return name.replaceAll(/^-+|-+$/g, '') || 'image';
}

/** What `npm install` would do, without a network: the package, and its command for `npx`. */
function link(folder: string): void {
  const modules = join(folder, 'node_modules');
  linkTo(OWN_PACKAGE, join(modules, 'dsmb'));
  linkTo(join(modules, 'dsmb', 'dsmb.bin'), join(modules, '.bin', 'dsmb'));
}

function linkTo(target: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(relative(dirname(path), target), path);
}

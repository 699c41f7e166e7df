/**
 * Once a run: unpacks the toolchains that tests call into a store of the tests' own, and makes a folder of commands
 * that start their programs. Needs no root, and changes nothing on the machine outside this repository.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { Store } from '../../cache/store.ts';
import { PackageTrees } from '../../src/execute/toolchains/package-trees.ts';
import type { DebianAttributes } from '../../src/model/builtin.ts';
import { prepareStore, TOOLS } from '../rig/prepared.ts';
import { PROGRAMS, toolchains, type Program } from './programs.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'dsmb-test');

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of commands, for the front of a PATH. */
    commands: string;
    /** The root folder of each toolchain. */
    toolchains: Readonly<Record<string, string>>;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  // Stores that tests make for themselves have nothing built, but nothing is fetched twice.
  process.env['DSMB_DOWNLOADS'] ||= join(CACHE, 'downloads');
  const roots = await unpackToolchains(new Store(TOOLS));
  await prepareStore();
  project.provide('toolchains', roots);
  project.provide('commands', makeCommands(roots));
}

async function unpackToolchains(store: Store): Promise<Record<string, string>> {
  const context = { lockFile: join(ROOT, 'toolchain.lock.json'), frozen: false, warn: console.warn };
  const trees = new PackageTrees(
    store,
    context,
    once((set) => console.log(`tools for tests: ${set} …`)),
  );
  const roots: Record<string, string> = {};
  for (const [name, target] of Object.entries(toolchains)) {
    const { packages, closure } = target.attributes as unknown as DebianAttributes;
    const tree = await trees.of(packages, closure);
    if (tree.type !== 'directory') throw new Error(`${name} is not a tree`);
    roots[name] = store.folders.folder(tree);
  }
  return roots;
}

/** A shell script a program, that hands over to it: same process, same file descriptors. */
function makeCommands(roots: Readonly<Record<string, string>>): string {
  const folder = join(CACHE, 'bin');
  mkdirSync(folder, { recursive: true });
  const left = new Set(readdirSync(folder));
  for (const [toolchain, programs] of Object.entries(PROGRAMS))
    for (const program of programs) {
      makeCommand(join(folder, program.name), script(roots[toolchain]!, program));
      left.delete(program.name);
    }
  for (const name of left) rmSync(join(folder, name), { force: true });
  return folder;
}

/** Another run may be using the same command: it is replaced only when it changes, and then at once. */
function makeCommand(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const temporary = join(CACHE, `command.${process.pid}`);
  writeFileSync(temporary, text, { mode: 0o755 });
  renameSync(temporary, file);
}

function script(root: string, { name, interpreter, env, args }: Program): string {
  const libraries = `${root}/usr/lib/x86_64-linux-gnu`;
  const loader = [`${libraries}/ld-linux-x86-64.so.2`, '--argv0', name, '--library-path', libraries];
  const programs = [...(interpreter === undefined ? [] : [interpreter]), name].map((each) => findProgram(root, each));
  const command = [...loader, ...programs, ...(args?.(root) ?? [])];
  const variables = Object.entries(env?.(root) ?? {}).map(([key, value]) => `export ${key}=${quoted(value)}\n`);
  return `#!/bin/sh\n${variables.join('')}exec ${command.map(quoted).join(' ')} "$@"\n`;
}

function findProgram(root: string, name: string): string {
  const found = ['bin', 'sbin'].map((folder) => join(root, 'usr', folder, name));
  const path = found.find((one) => statSync(one, { throwIfNoEntry: false }));
  if (path === undefined) throw new Error(`the toolchain in ${root} has no ${name}`);
  return realpathSync(path);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function once(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (!said.has(text)) say(text);
    said.add(text);
  };
}

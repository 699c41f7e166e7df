/** The same graph for several build tools: independent actions that each copy a file of their own. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes the sources, with a content that no earlier build has seen. */
export function writeSources(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  const mark = crypto.randomUUID();
  for (let i = 0; i < count; i++) writeFileSync(join(folder, `s${i}.txt`), `${mark} ${i}\n`);
}

export function writeNinja(folder: string, count: number): void {
  const edges = numbers(count).map((i) => `build t${i}.out: copy s${i}.txt`);
  writeChanged(join(folder, 'build.ninja'), `rule copy\n  command = cp $in $out\n${edges.join('\n')}\n`);
}

export function writeBazel(folder: string, count: number): void {
  const rules = numbers(count).map(
    (i) => `genrule(name='t${i}', srcs=['s${i}.txt'], outs=['t${i}.out'], cmd='cp $< $@')`,
  );
  writeChanged(join(folder, 'WORKSPACE'), '');
  writeChanged(join(folder, 'BUILD'), `${rules.join('\n')}\n`);
}

/** A project with a rule that runs `cp` from a toolchain. */
export function writeDsmb(folder: string, count: number, checkout: string): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  if (!existsSync(join(folder, 'node_modules/dsmb'))) symlinkSync(checkout, join(folder, 'node_modules/dsmb'));
  const lock = readFileSync(join(checkout, 'test/rig/fixture/toolchain.lock.json'), 'utf8');
  writeChanged(join(folder, 'toolchain.lock.json'), lock);
  writeChanged(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  writeChanged(join(folder, 'rules.ts'), RULES);
  const copies = numbers(count).map((i) => `export const t${i} = copy({ of: file('./s${i}.txt') });`);
  const all = `export const all = collect({ of: [${numbers(count)
    .map((i) => `t${i}`)
    .join(', ')}] });`;
  const imports = `import { file } from 'dsmb';\nimport { collect, copy } from './rules.ts';`;
  writeChanged(join(folder, 'build.dsm.ts'), [imports, ...copies, all, ''].join('\n'));
}

const RULES = `
import { attr, File, rule, toolchain, Tree } from 'dsmb';
const tools = toolchain('coreutils', 'dash');
export const copy = rule({
  name: 'copy',
  makes: File,
  attributes: { of: attr.target },
  implement: ({ of }, actions) =>
    actions.run({
      mnemonic: 'Copy',
      argv: ['/usr/bin/cp', '/in/source', '/out/copy'],
      inputs: { source: of },
      outputs: { copy: File },
      toolchains: [actions.toolchain(tools)],
    }).copy,
});
export const collect = rule({
  name: 'collect',
  makes: Tree,
  attributes: { of: attr.list(attr.target) },
  implement: ({ of }, actions) => actions.compose(Tree, Object.fromEntries(of.entries())),
});
`;

/** A file that is as it should be stays untouched: only the sources are new. */
function writeChanged(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** dsmb, ninja, GNU make and Bazel: one file that names all actions. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Graph } from './shapes.ts';
import { writeText, type Tool } from './tool.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const FLAT = (action: number): string => `src/${action}.txt`;

export const dsmb: Tool = {
  name: 'dsmb',
  most: Infinity,
  source: FLAT,
  command: [join(ROOT, 'dsmb'), 'build', '//all'],
  write(folder, { below }) {
    writeText(folder, 'package.json', '{ "private": true, "type": "module" }\n');
    writeText(folder, 'build.dsm.ts', BUILD_FILE);
    writeText(folder, 'below.ts', `export const below: readonly (readonly number[])[] = ${JSON.stringify(below)};\n`);
    writeText(folder, 'toolchain.lock.json', readFileSync(join(ROOT, 'test/rig/fixture/toolchain.lock.json'), 'utf8'));
    mkdirSync(join(folder, '.git'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules/dsmb'));
  },
};

const BUILD_FILE = `
import { attr, File, file, rule, toolchain, Tree, type Target } from 'dsmb';
import { below } from './below.ts';

const tools = toolchain('coreutils', 'dash');
const checksum = rule({
  name: 'checksum',
  makes: File,
  attributes: { of: attr.list(attr.target) },
  implement: ({ of }, actions) =>
    actions.run({
      mnemonic: 'Checksum',
      argv: ['/bin/dash', '-c', 'cat /in/* | cksum > /out/sum'],
      inputs: Object.fromEntries(of.entries()),
      outputs: { sum: File },
      toolchains: [actions.toolchain(tools)],
    }).sum,
});
const gather = rule({
  name: 'gather',
  makes: Tree,
  attributes: { of: attr.list(attr.target) },
  implement: ({ of }, actions) => actions.compose(Tree, Object.fromEntries(of.entries())),
});

const made: Target<'File'>[] = [];
for (const [action, inputs] of below.entries())
  made.push(checksum({ of: [file(\`src/\${action}.txt\`), ...inputs.map((input) => made[input]!)] }));
export const all = gather({ of: made });
`;

export const ninja: Tool = {
  name: 'ninja',
  needs: { program: 'ninja', hint: 'apt-get install ninja-build' },
  most: Infinity,
  source: FLAT,
  command: ['ninja', '--quiet'],
  write(folder, { below }) {
    const edges = below.map((inputs, action) => `build out/${action}: checksum ${files(action, inputs)}\n`);
    writeText(folder, 'build.ninja', `rule checksum\n  command = cat $in | cksum > $out\n${edges.join('')}`);
  },
};

export const make: Tool = {
  name: 'GNU make',
  needs: { program: 'make', hint: 'apt-get install make' },
  most: Infinity,
  source: FLAT,
  command: ['make', '--silent', '-j2'],
  write(folder, { below }) {
    const all = below.map((_, action) => `out/${action}`).join(' ');
    const rules = below.map((inputs, action) => `out/${action}: ${files(action, inputs)}\n\tcat $^ | cksum > $@\n`);
    writeText(folder, 'Makefile', `MAKEFLAGS += -r\nall: ${all}\n${rules.join('')}`);
    mkdirSync(join(folder, 'out'));
  },
};

function files(action: number, inputs: readonly number[]): string {
  return [FLAT(action), ...inputs.map((input) => `out/${input}`)].join(' ');
}

export const bazel: Tool = {
  name: 'Bazel',
  needs: { program: 'bazel', hint: 'apt-get install bazel-bootstrap' },
  most: Infinity,
  source: FLAT,
  command: ['bazel', 'build', '//:all', '--spawn_strategy=local', '--jobs=2', '--noshow_progress'],
  stop: ['bazel', 'shutdown'],
  write(folder, graph) {
    writeText(folder, 'WORKSPACE', '');
    writeText(folder, 'BUILD', genrules(graph));
  },
};

function genrules({ below }: Graph): string {
  return below
    .map((inputs, action) => {
      const sources = [FLAT(action), ...inputs.map((input) => `out${input}`)].map((name) => `'${name}'`);
      return `genrule(name='a${action}', srcs=[${sources.join(', ')}], outs=['out${action}'], cmd='cat $(SRCS) | cksum > $@')\n`;
    })
    .join('');
}

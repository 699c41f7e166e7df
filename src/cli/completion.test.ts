/** The completion scripts in real shells, with a program in the place of dsmb that answers what was asked. */
import { execa } from 'execa';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScript, type SHELLS } from './completion.ts';

let folder: string;

/** Answers with the words that it was given, and some candidates. */
const DSMB = `#!/bin/sh
[ "$1" = complete ] && [ "$2" = -- ] || exit 1
shift 2
[ "$1" != files ] || { echo :files; exit; }
printf '%s\\tremark\\n' "<$*>" //pkg:name //pkg/... --set= 'a b'
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-completion-'));
  writeFileSync(join(folder, 'dsmb'), DSMB, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const script = (shell: (typeof SHELLS)[number]): string => {
  const path = join(folder, `script-${shell}`);
  writeFileSync(path, completionScript(shell, join(folder, 'dsmb')));
  return path;
};

async function run(shell: string, args: readonly string[]): Promise<string[]> {
  const env = {
    PATH: `${folder}:${process.env['PATH']}`,
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
  };
  const { stdout } = await execa(shell, args, { cwd: folder, env });
  return stdout.split('\n').filter((line) => line !== '');
}

/** Outside of a line editor `compadd` is a function that says what it was given. */
const ZSH = `
compdef() { :; }
compadd() { print -r -- "compadd $*"; }
_files() { print files; }
source $1
words=("\${(@)argv[2,-1]}") CURRENT=\${#words}
_dsmb
`;

describe('zsh', () => {
  const complete = (...words: readonly string[]) =>
    run('zsh', ['-f', '-c', ZSH, 'zsh', script('zsh'), 'dsmb', ...words]);

  it('offers what is whole with a blank behind it, and what is begun without', async () => {
    expect(await complete('build', '//p')).toEqual([
      'compadd -Q -- <build //p> //pkg:name a b',
      'compadd -Q -S  -- //pkg/... --set=',
    ]);
  });

  it('asks for a word that is not begun, and for files', async () => {
    expect((await complete('build', ''))[0]).toContain('<build >');
    expect(await complete('files', '')).toEqual(['files']);
  });
});

describe('fish', () => {
  const complete = (line: string) =>
    run('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script('fish'), line]);

  it('offers candidates with their remarks', async () => {
    expect(await complete('dsmb build //pkg')).toEqual(['//pkg/...\tremark', '//pkg:name\tremark']);
  });

  it('asks for a word that is not begun', async () => {
    expect(await complete('dsmb build ')).toContain('<build >\tremark');
  });

  it('offers candidates in a quote that is open', async () => {
    expect(await complete("dsmb build '//pkg:")).toEqual(['//pkg:name\tremark']);
  });
});

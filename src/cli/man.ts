/** `dsmb man`: the manual page, in the form of man(7), from what `--help` is made from. */
import { printText } from '../report/print.ts';
import type { Command, Commands } from './command.ts';
import { EXIT } from './exit.ts';
import { INTRODUCTION, optionRows, ownVersion, STORE_NOTE } from './help.ts';

/** The command, which knows all others. */
export function manFor(commands: Commands): Command {
  return {
    name: 'man',
    summary: 'print the manual page',
    usage: '',
    examples: [
      ['dsmb man | man -l -', 'read it'],
      ['dsmb man >~/.local/share/man/man1/dsmb.1', 'install it for man dsmb'],
    ],
    options: {},
    run: async () => {
      printText(manPage(await loadAll(commands), ownVersion()));
      return EXIT.ok;
    },
  };
}

/** All commands that the overview shows; those of `dsmb disk` and its like one by one. */
async function loadAll(commands: Commands): Promise<Command[]> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  const nested = loaded
    .filter(({ hidden }) => !hidden)
    .map(async (command) => (command.subcommands ? loadAll(command.subcommands) : [command]));
  return (await Promise.all(nested)).flat();
}

/** The page. `version` is that of dsmb. */
export function manPage(commands: readonly Command[], version: string): string {
  const lines = [
    `.TH DSMB 1 "" "dsmb ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    escaped(INTRODUCTION.replace('dsmb: ', 'dsmb - ')),
    '.SH SYNOPSIS',
    '.B dsmb',
    '.I COMMAND',
    '[\\fIoperand\\fR ...] [\\fIoption\\fR ...]',
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...STATUSES.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, escaped(meaning)]),
    '.SH FILES',
    escaped(STORE_NOTE),
  ];
  return `${lines.join('\n')}\n`;
}

const STATUSES = [
  [EXIT.ok, 'success'],
  [EXIT.buildFailed, 'an action or a validation failed'],
  [EXIT.usage, 'the command line, a parameter or a build file is wrong'],
  [EXIT.testFailed, 'a test failed'],
  [EXIT.infrastructure, 'the machine or dsmb failed'],
  [EXIT.interrupted, 'interrupted'],
] as const;

function commandLines(command: Command): string[] {
  const { name, summary, usage, examples } = command;
  return [
    `.SS dsmb ${escaped(`${name} ${usage}`.trim())}`,
    escaped(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`),
    ...optionRows(command).flatMap(([option, help]) => ['.TP', `.B ${escaped(option)}`, escaped(help)]),
    '.PP',
    'Examples:',
    ...examples.flatMap(([call, what]) => ['.TP', `.B ${escaped(call)}`, escaped(what)]),
  ];
}

/** Text of a man page: a backslash would begin an escape, a dot or a quote at the beginning of a line a request; other characters than ASCII have numbers. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll(/[^ -~]/gu, (char) => `\\[u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`)
    .replace(/^\./, '\\&.');
}

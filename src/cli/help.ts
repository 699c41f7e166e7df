/** The texts of `--help`: examples first. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_PACKAGE } from '../model/own-files.ts';
import type { Command, Commands, Option } from './command.ts';

export const INTRODUCTION = 'dsmb: a content-addressed build graph for bootable disk images';
export const STORE_NOTE =
  'The store is $DSMB_STORE, by default ~/.cache/dsmb. $DSMB_DOWNLOADS shares downloads between stores.';

/** The overview of all commands. */
export async function overview(commands: Commands): Promise<string> {
  return [
    INTRODUCTION,
    '',
    'Examples',
    '  dsmb build //cloudTarball                              build a target',
    '  dsmb build //cloudTarball --set mac=52:54:00:aa:bb:cc  with a parameter',
    '  dsmb list                                              show targets and parameters',
    '',
    'Commands',
    ...(await summaries(commands)),
    '',
    'dsmb COMMAND --help explains a command; docs/guide.md is the introduction.',
    STORE_NOTE,
  ].join('\n');
}

/** The help of one command. */
export async function commandHelp(command: Command): Promise<string> {
  const { name, summary, usage, examples, subcommands } = command;
  const width = Math.max(...examples.map(([command]) => command.length));
  const rows = optionRows(command);
  const optionWidth = Math.max(...rows.map(([text]) => text.length));
  return [
    `dsmb ${name}: ${summary}`,
    '',
    'Examples',
    ...examples.map(([command, what]) => `  ${command.padEnd(width)}   ${what}`),
    '',
    `Usage: dsmb ${name} ${usage}`.trimEnd(),
    '',
    ...(subcommands ? ['Commands', ...(await summaries(subcommands)), ''] : []),
    'Options',
    ...rows.map(([text, help]) => `  ${text.padEnd(optionWidth)}   ${help}`),
  ].join('\n');
}

/** The options of a command as they are written, each with what it does. */
export function optionRows({ options }: Command): (readonly [option: string, help: string])[] {
  const help: Option = { type: 'boolean', short: 'h', help: 'show this help' };
  return Object.entries({ ...options, help }).map(([option, spec]) => [optionText(option, spec), spec.help]);
}

async function summaries(commands: Commands): Promise<string[]> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const loaded = all.filter(({ hidden }) => !hidden);
  const width = Math.max(10, ...loaded.map(({ name }) => name.length));
  return loaded.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}`);
}

export function version(): string {
  return `dsmb ${ownVersion()} (node ${process.version})`;
}

/** The version of dsmb alone. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(OWN_PACKAGE, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

function optionText(name: string, { short, value, bare }: Option): string {
  const shown = bare === undefined ? ` ${value}` : `[=${value}]`;
  return `${short ? `-${short}, ` : ''}--${name}${value ? shown : ''}`;
}

/** The texts of `--help`: examples first. */
import { readFileSync } from 'node:fs';
import type { Command, Option } from './command.ts';

/** The overview of all commands. */
export async function overview(commands: Readonly<Record<string, () => Promise<Command>>>): Promise<string> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  return [
    'dsmb: a content-addressed build graph for bootable disk images',
    '',
    'Examples',
    '  dsmb build //cloudTarball                              build a target',
    '  dsmb build //cloudTarball --set mac=52:54:00:aa:bb:cc  with a parameter',
    '  dsmb list                                              show targets and parameters',
    '',
    'Commands',
    ...loaded.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`),
    '',
    'dsmb COMMAND --help tells more about one; docs/guide.md is the introduction.',
    'The store is $DSMB_STORE, or dsmb in the cache folder of the user.',
  ].join('\n');
}

/** The help of one command. */
export function commandHelp({ name, summary, usage, examples, options }: Command): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const rows = Object.entries({ ...options, help: { type: 'boolean', short: 'h', help: 'this text' } as Option }).map(
    ([option, spec]) => [optionText(option, spec), spec.help] as const,
  );
  const optionWidth = Math.max(...rows.map(([text]) => text.length));
  return [
    `dsmb ${name}: ${summary}`,
    '',
    'Examples',
    ...examples.map(([command, what]) => `  ${command.padEnd(width)}   ${what}`),
    '',
    `Usage: dsmb ${name} ${usage}`,
    '',
    'Options',
    ...rows.map(([text, help]) => `  ${text.padEnd(optionWidth)}   ${help}`),
  ].join('\n');
}

export function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `dsmb ${version} (node ${process.version})`;
}

function optionText(name: string, { short, value }: Option): string {
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
}

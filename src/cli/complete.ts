/**
 * `dsmb complete -- word…`: what the last word may become, for the scripts of `dsmb completion`. A line each, with a
 * remark behind a tab. One that ends in `=`, `:`, `.` or `/` is to be gone on with; `:files` leaves it to the shell.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { storeRoot } from '../../cache/store.ts';
import { testsOf } from '../graph/tests.ts';
import { Analysis } from '../analysis/analyse.ts';
import { findPackages, findTarget, load, type Loaded } from '../load/load.ts';
import { parameterValues } from '../load/parameters.ts';
import { findWorkspace } from '../load/workspace.ts';
import { fail } from '../model/diagnostic.ts';
import { Runnable } from '../model/kinds.ts';
import { parseLabel, type Label } from '../model/label.ts';
import type { Target } from '../model/target.ts';
import type { Candidate } from './candidate.ts';
import { queryCandidates } from './complete-query.ts';
import type { Command, Commands, Option } from './command.ts';
import { EXIT } from './exit.ts';
import { SHELLS } from './completion.ts';
import { historyFolder } from '../report/history/history.ts';
import { printText } from '../report/print.ts';

const FILES: readonly Candidate[] = [{ word: ':files' }];
const HELP: Option = { type: 'boolean', short: 'h', help: 'examples and options' };

/** The command, which knows all others. */
export function completeFor(commands: Commands): Command {
  return {
    name: 'complete',
    summary: 'what the last word may become',
    usage: '-- word…',
    examples: [['dsmb complete -- build //', 'the labels']],
    options: {},
    hidden: true,
    run: async ({ operands }) => {
      // A quote that is still open is the shell's.
      const current = (operands.at(-1) ?? '').replace(/^['"]/, '');
      const found = await candidates(commands, operands.slice(0, -1), current).catch(() => []);
      const lines = found.flatMap(({ word, remark }) =>
        word.startsWith(current) || word === FILES[0]?.word ? [remark ? `${word}\t${remark}` : word] : [],
      );
      printText(lines.map((line) => `${line}\n`).join(''));
      return EXIT.ok;
    },
  };
}

async function candidates(
  commands: Commands,
  before: readonly string[],
  current: string,
): Promise<readonly Candidate[]> {
  const [name, ...rest] = before;
  if (name === undefined) return commandNames(commands);
  const command = Object.hasOwn(commands, name) ? await commands[name]?.() : undefined;
  if (!command) return [];
  if (command.subcommands) return candidates(command.subcommands, rest, current);
  if (rest.includes('--')) return FILES;
  const option = optionBefore(command, rest);
  if (option) return optionValues(command, option, before, current);
  const [begun, long = ''] = /^--([\w-]+)=/.exec(current) ?? [];
  if (begun !== undefined && command.options[long]?.type === 'string')
    return behind(begun, await optionValues(command, long, before, current.slice(begun.length)));
  if (current.startsWith('-')) return optionNames(command);
  return operandsOf(command, rest, before, current);
}

async function commandNames(commands: Commands): Promise<Candidate[]> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  return loaded.flatMap(({ name, summary, hidden }) =>
    hidden ? [] : [{ word: name.split(' ').at(-1)!, remark: summary }],
  );
}

function optionNames({ options }: Command): Candidate[] {
  return Object.entries({ ...options, help: HELP }).map(([name, { help }]) => ({ word: `--${name}`, remark: help }));
}

/** Values for `--option=`; file names are the shell's. */
function behind(begun: string, values: readonly Candidate[]): readonly Candidate[] {
  return values === FILES ? FILES : values.map(({ word, ...more }) => ({ word: `${begun}${word}`, ...more }));
}

/** The option whose value the current word is. */
function optionBefore({ options }: Command, words: readonly string[]): string | undefined {
  const last = words.at(-1) ?? '';
  return Object.entries(options).find(
    ([name, { type, short }]) => type === 'string' && (last === `--${name}` || last === `-${short}`),
  )?.[0];
}

async function optionValues(
  command: Command,
  option: string,
  words: readonly string[],
  current: string,
): Promise<readonly Candidate[]> {
  const { value, values } = command.options[option]!;
  if (values) return values.map((word) => ({ word }));
  if (value === 'FILE' || value === 'DIR') return FILES;
  if (value === 'MNEMONIC') return mnemonics(command, words);
  return value === 'NAME=VALUE' ? parameterValuesFor(words, current) : [];
}

async function parameterValuesFor(words: readonly string[], current: string): Promise<readonly Candidate[]> {
  const { parameters } = await project(words);
  const [, name] = /^([^=]+)=/.exec(current) ?? [];
  if (name === undefined) return [...parameters].map(([one, { remark }]) => ({ word: `${one}=`, remark }));
  const format = parameters.get(name)?.format ?? '';
  if (format === 'path') return FILES;
  return format.includes('|') ? format.split('|').map((value) => ({ word: `${name}=${value}` })) : [];
}

/** Of the actions of the target that the call names, if it names one by now. */
async function mnemonics(command: Command, words: readonly string[]): Promise<readonly Candidate[]> {
  const [label] = operandsIn(command, words.slice(1));
  if (label === undefined) return [];
  const { loaded } = await project(words);
  const analysis = new Analysis(loaded.labels, await parameterValues(loaded, [], process.cwd()));
  const { actions } = analysis.target(findTarget(loaded, parseLabel(label)));
  return [...new Set(actions.flatMap(({ work, mnemonic }) => (work.type === 'write' ? [] : [mnemonic])))].map(
    (word) => ({
      word,
    }),
  );
}

/** What of the words is neither an option nor the value of one. */
function operandsIn(command: Command, words: readonly string[]): string[] {
  return words.filter(
    (word, index) =>
      (word === '-' || !word.startsWith('-')) && optionBefore(command, words.slice(0, index)) === undefined,
  );
}

async function operandsOf(
  command: Command,
  rest: readonly string[],
  words: readonly string[],
  current: string,
): Promise<readonly Candidate[]> {
  const { name, usage } = command;
  if (name === 'completion') return SHELLS.map((word) => ({ word }));
  if (name === 'init') return FILES;
  if (!/\/\/|DISK|LABEL/.test(usage) && name !== 'set' && name !== 'query') return [];
  const { loaded, parameters, root } = await project(words);
  if (name === 'query') return inQuery(operandsIn(command, rest), current, loaded, root);
  if (name === 'set') return rest.length > 0 ? [] : [...attributes(loaded, current), ...parameterNames(parameters)];
  if (usage.includes('DISK') && !current.startsWith('/')) return FILES;
  const labels = [...loaded.targets].filter(([, target]) => isFor(name, target));
  return [
    ...labels.map(([label, target]) => ({ word: written(label, current), remark: target.kind.name })),
    ...(name === 'run' ? [] : patterns(labels.map(([label]) => label))),
  ];
}

/** A query may be several words, of which the last is completed. */
function inQuery(before: readonly string[], current: string, loaded: Loaded, root: string): Candidate[] {
  const head = before.map((word) => `${word} `).join('');
  return queryCandidates(`${head}${current}`, loaded, root).map(({ word, ...more }) => ({
    word: word.slice(head.length),
    ...more,
  }));
}

function isFor(command: string, target: Target): boolean {
  const isRunnable = target.kind.name === Runnable.name;
  if (command === 'run') return isRunnable;
  if (command === 'build' || command === 'watch' || command === 'plan') return !isRunnable;
  if (command === 'test') return testsOf(target).length > 0;
  return true;
}

/** A label of the root may be typed without slashes. */
function written(label: Label, current: string): string {
  return current !== '' && !current.startsWith('/') ? label.slice(2) : label;
}

function patterns(labels: readonly Label[]): Candidate[] {
  const packages = new Set(labels.flatMap((label) => /^\/\/(.+):/.exec(label)?.[1] ?? []));
  return ['//...', ...[...packages].map((name) => `//${name}/...`)].map((word) => ({ word, remark: 'all below' }));
}

/** Labels to go on with, then the attributes of one. */
function attributes({ targets }: Loaded, current: string): Candidate[] {
  return [...targets].flatMap(([label, target]) => {
    if (target.location === undefined || 'parameter' in target) return [];
    if (!current.startsWith(`${label}.`)) return [{ word: `${label}.`, remark: target.kind.name }];
    return Object.keys(target.attributes).map((name) => ({ word: `${label}.${name}` }));
  });
}

/** Build files are code: pressing a key in a folder of somebody else starts none. */
function wasUsedIn(workspace: string): boolean {
  return existsSync(historyFolder({ root: storeRoot() }, workspace));
}

interface KnownParameter {
  readonly format: string;
  readonly remark: string;
}

function parameterNames(parameters: ReadonlyMap<string, KnownParameter>): Candidate[] {
  return [...parameters].map(([word, { remark }]) => ({ word, remark }));
}

async function project(
  words: readonly string[],
): Promise<{ loaded: Loaded; parameters: ReadonlyMap<string, KnownParameter>; root: string }> {
  const root = findWorkspace(resolve(words[words.indexOf('--workspace') + 1 || words.length] ?? process.cwd()));
  if (!wasUsedIn(root)) fail('NEVER_BUILT', `nothing was ever built in ${root}`);
  const loaded = await load(root, findPackages(root));
  const parameters = [...loaded.parameters].map(([name, declared]) => {
    const { format, doc } = declared.type === 'target' ? declared.parameter : declared;
    return [name, { format, remark: doc.replaceAll(/\s+/g, ' ') }] as const;
  });
  return { loaded, parameters: new Map(parameters), root };
}

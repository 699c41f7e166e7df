/** What a command of the command line is. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { fail, Failure } from '../model/diagnostic.ts';
import { nearest } from '../load/nearest.ts';

export interface Option {
  readonly type: 'boolean' | 'string';
  readonly multiple?: boolean;
  readonly short?: string;
  /** What a text option stands for when it is given without a value; with one it is then written `--name=value`. */
  readonly bare?: string;
  /** Name of the value in help, for example `FILE`. */
  readonly value?: string;
  /** All values that there are. */
  readonly values?: readonly string[];
  readonly help: string;
}

/** Commands by name; a command is loaded when it is called. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

export interface Command {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** After the name, for example `//target… [--set name=value]`. */
  readonly usage: string;
  /** Commands that can be pasted, each with what it is for. Shown first. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly options: Readonly<Record<string, Option>>;
  /** What stands after the name of a command that is many: `dsmb disk info`. */
  readonly subcommands?: Commands;
  /** It is for programs: the overview leaves it out. */
  readonly hidden?: true;
  /** Operands may begin with `-`: what is not an option of the command is one. */
  readonly dashedOperands?: true;
  /** What stands behind `--` is for a program that it starts. */
  readonly takesRest?: true;
  /** Does the work and gives the exit code. */
  readonly run: (call: Call) => Promise<number>;
}

/** The arguments of one call, parsed. */
export interface Call {
  readonly operands: readonly string[];
  /** The names of the options that were given. */
  readonly given: readonly string[];
  /** What stands behind `--`, for commands that take it. */
  readonly rest: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  list(name: string): readonly string[];
}

/** Options that every command which reads build files takes. */
export const WORKSPACE_OPTIONS: Readonly<Record<string, Option>> = {
  set: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a parameter; may be repeated' },
  workspace: { type: 'string', value: 'DIR', help: 'the project; by default the one that this folder is in' },
};

/** Parses what follows a command's name. */
export function parseCall(command: Command, args: readonly string[]): Call {
  const end = command.takesRest && args.includes('--') ? args.indexOf('--') : args.length;
  const own = args.slice(0, end);
  const options = { ...command.options, help: { type: 'boolean', short: 'h', help: 'show this help' } } as const;
  try {
    const { values, positionals } = parseArgs({
      args: command.dashedOperands ? optionsFirst(own, options) : own.map((arg) => withBareValue(command, arg)),
      options: options as ParseArgsOptionsConfig,
      allowPositionals: true,
    });
    checkValues(command, values);
    return {
      operands: positionals,
      given: Object.keys(values),
      rest: args.slice(end + 1),
      flag: (name) => values[name] === true,
      text: (name) => values[name] as string | undefined,
      list: (name) => (values[name] as string[] | undefined) ?? [],
    };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const [, unknown] = /option '--?([^' ]+)/.exec((error as Error).message) ?? [];
    const close = unknown && nearest(unknown, Object.keys(options));
    return fail('USAGE', (error as Error).message.split('. ')[0]!, {
      hint: close && close !== unknown ? `did you mean --${close}?` : `dsmb ${command.name} --help`,
    });
  }
}

function checkValues({ options }: Command, given: Readonly<Record<string, unknown>>): void {
  for (const [name, { values }] of Object.entries(options)) {
    const value = given[name];
    if (!values || typeof value !== 'string' || values.includes(value)) continue;
    const close = nearest(value, values);
    fail('USAGE', `--${name}: '${value}' is not known`, {
      hint: close ? `did you mean --${name} ${close}?` : `--${name} ${values.join('|')}`,
    });
  }
}

function withBareValue({ options }: Command, arg: string): string {
  const bare = arg.startsWith('--') ? options[arg.slice(2)]?.bare : undefined;
  return bare === undefined ? arg : `${arg}=${bare}`;
}

/** The options, then `--`, then all that is none. */
function optionsFirst(args: readonly string[], known: Readonly<Record<string, Option>>): string[] {
  const options: string[] = [];
  const operands: string[] = [];
  for (let rest = args; rest.length > 0;) {
    const [word = '', ...more] = rest;
    if (word === '--') return [...options, '--', ...operands, ...more];
    const [, name = '', value] = /^--?([\w-]+)(=.*)?$/.exec(word) ?? [];
    const option = Object.entries(known).find(([long, { short }]) =>
      word.startsWith('--') ? long === name : short === name,
    )?.[1];
    const taken = !option ? 0 : option.type === 'string' && value === undefined ? 2 : 1;
    (option ? options : operands).push(...rest.slice(0, taken || 1));
    rest = rest.slice(taken || 1);
  }
  return [...options, '--', ...operands];
}

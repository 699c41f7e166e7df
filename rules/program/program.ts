/** Rule: any program, run for its effect by `dsmb run`. */
import { fail, rule, Runnable, stepModule, type Target, type Toolchain, type Value } from 'dsmb';
import type programStep from './program.step.ts';

/** Attributes of `program`. */
export interface ProgramAttributes {
  /** Program and arguments; inputs are at `/in/<name>`. What the user gives behind `--` comes after them. */
  readonly argv: readonly Value<string>[];
  /** Built before it is run. */
  readonly inputs?: Readonly<Record<string, Target>>;
  /** Where the program is; only Node unless told. */
  readonly toolchains?: readonly Toolchain[];
  /** Added to the fixed environment. */
  readonly env?: Readonly<Record<string, Value<string>>>;
  /** Whether it has the machine's network; `false` unless told. */
  readonly network?: boolean;
}

/** Runs a program with the terminal of `dsmb run`, whose exit code is the program's. */
export const program = rule<ProgramAttributes, 'Runnable'>({
  name: 'program',
  makes: Runnable,
  implement({ argv, inputs = {}, toolchains = [], env = {}, network = false }, actions) {
    const [first, ...args] = argv;
    if (first === undefined) fail('BAD_ATTRIBUTE', 'argv: there is no program to run', { attribute: 'argv' });
    return actions.runnable({
      mnemonic: 'Program',
      module: stepModule<typeof programStep>(new URL('./program.step.ts', import.meta.url)),
      args: { program: first, args, env },
      inputs,
      toolchains,
      network,
    });
  },
});

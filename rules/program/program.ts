/** Rule: any program, run for its effect by `dsmb run`. */
import { attr, fail, rule, Runnable, Toolchain } from 'dsmb';

/** Runs a program with the terminal of `dsmb run`, whose exit code is the program's. */
export const program = rule({
  name: 'program',
  makes: Runnable,
  attributes: {
    /** Program and arguments; inputs are at `/in/<name>`. What the user gives behind `--` comes after them. */
    argv: attr.list(attr.string),
    /** Built before it is run. */
    inputs: attr.optional(attr.record(attr.target)),
    /** Where the program is; only Node by default. */
    toolchains: attr.optional(attr.list(Toolchain)),
    /** Added to the fixed environment. */
    env: attr.optional(attr.record(attr.string)),
    /** Whether it has the machine's network; `false` by default. */
    network: attr.optional(attr.boolean),
  },
  implement({ argv, inputs = {}, toolchains = [], env = {}, network = false }, actions) {
    const [first, ...args] = argv;
    if (first === undefined) fail('BAD_ATTRIBUTE', 'argv: there is no program to run', { attribute: 'argv' });
    return actions.runnable({
      mnemonic: 'Program',
      module: () => import('./program.step.ts'),
      args: { program: first, args, env },
      inputs,
      toolchains,
      network,
    });
  },
});

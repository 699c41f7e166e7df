/** Rule: a check by any program, for build files that need no rule of their own for it. */
import { attr, fail, rule, Toolchain } from 'dsmb';
import { TestResult } from '../kinds.ts';

/** Passes if the program ends with the expected exit code. */
export const test = rule({
  name: 'test',
  makes: TestResult,
  attributes: {
    /** Program and arguments; inputs are at `/in/<name>`. */
    argv: attr.list(attr.string),
    /** What it looks at. */
    inputs: attr.optional(attr.record(attr.target)),
    /** Where the program is; only Node by default. */
    toolchains: attr.optional(attr.list(Toolchain)),
    /** Added to the fixed environment. */
    env: attr.optional(attr.record(attr.string)),
    /** The exit code of a program that finds all as it should be; 0 by default. */
    exitCode: attr.optional(attr.integer),
    /** Limit for the program; 600 by default. */
    timeoutSeconds: attr.optional(attr.number),
    /** Memory that it takes at most; 256 by default. */
    memoryMiB: attr.optional(attr.integer),
  },
  test: true,
  implement({ argv, inputs = {}, toolchains = [], env = {}, exitCode = 0, timeoutSeconds = 600, memoryMiB }, actions) {
    const [program, ...args] = argv;
    if (program === undefined) fail('BAD_ATTRIBUTE', 'argv: there is no program to run', { attribute: 'argv' });
    return actions.step({
      mnemonic: 'Test',
      module: () => import('./program.step.ts'),
      args: { program, args, env, exitCode },
      inputs,
      outputs: { result: { name: 'output.txt', kind: TestResult } },
      toolchains,
      needs: memoryMiB === undefined ? {} : { memoryMiB },
      timeoutMs: timeoutSeconds * 1000,
    }).result;
  },
});

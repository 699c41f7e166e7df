/** Rule: a check by any program, for build files that need no rule of their own for it. */
import { fail, rule, stepModule, type Target, type Toolchain, type Value } from 'dsmb';
import { TestResult } from '../kinds.ts';
import type programStep from './program.step.ts';

/** Attributes of `test`. */
export interface TestAttributes {
  /** Program and arguments; inputs are at `/in/<name>`. */
  readonly argv: readonly Value<string>[];
  /** What it looks at. */
  readonly inputs?: Readonly<Record<string, Target>>;
  /** Where the program is; only Node unless told. */
  readonly toolchains?: readonly Toolchain[];
  /** Added to the fixed environment. */
  readonly env?: Readonly<Record<string, Value<string>>>;
  /** The exit code of a program that finds all as it should be; 0 unless told. */
  readonly exitCode?: Value<number>;
  /** Limit for the program; 600 unless told. */
  readonly timeoutSeconds?: Value<number>;
  /** Memory that it takes at most; 256 unless told. */
  readonly memoryMiB?: Value<number>;
}

/** Passes if the program ends with the expected exit code. */
export const test = rule<TestAttributes, 'TestResult'>({
  name: 'test',
  makes: TestResult,
  test: true,
  implement({ argv, inputs = {}, toolchains = [], env = {}, exitCode = 0, timeoutSeconds = 600, memoryMiB }, actions) {
    const [program, ...args] = argv;
    if (program === undefined) fail('BAD_ATTRIBUTE', 'argv: there is no program to run', { attribute: 'argv' });
    return actions.step({
      mnemonic: 'Test',
      module: stepModule<typeof programStep>(new URL('./program.step.ts', import.meta.url)),
      args: { program, args, env, exitCode },
      inputs,
      outputs: { result: { name: 'output.txt', kind: TestResult } },
      toolchains,
      needs: memoryMiB === undefined ? {} : { memoryMiB },
      timeoutMs: timeoutSeconds * 1000,
    }).result;
  },
});

/** Runs a program with the terminal and the arguments of the user. */
import { runInTerminal, step, userArguments } from 'dsmb/step';

interface Spec {
  readonly args: {
    readonly program: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  readonly inputs: never;
  readonly outputs: never;
}

export default step<Spec>(({ args: { program, args, env } }) =>
  runInTerminal(program, [...args, ...userArguments()], env),
);

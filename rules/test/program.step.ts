/** Runs a program and compares its exit code. What it writes is the result and the log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { fail, step } from 'dsmb/step';

interface Spec {
  readonly args: {
    readonly program: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly exitCode: number;
  };
  readonly inputs: never;
  readonly outputs: 'result';
}

export default step<Spec>(async ({ args: { program, args, env, exitCode }, outputs: { result } }) => {
  writeFileSync(result, '');
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      appendFileSync(result, chunk);
      process.stderr.write(chunk);
    });
  const [code, signal] = (await once(child, 'close').catch((error: Error) => notStarted(program, error))) as [
    number | null,
    string | null,
  ];
  if (code === exitCode) return;
  const ended = signal ? `was ended by ${signal}` : `exited with ${code}`;
  fail('TEST_FAILED', `${program} ${ended}${exitCode === 0 ? '' : `, not with ${exitCode}`}`);
});

function notStarted(program: string, error: Error): never {
  fail('TEST_FAILED', `${program} did not start: ${error.message}`, {
    hint: `name a toolchain that has it: toolchains: [toolchain('…')]`,
  });
}

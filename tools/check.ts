/** `npm run check`: all that can be said about the sources without running them. Goes on after a failure, to show all. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, dirname } from 'node:path';

interface Check {
  readonly name: string;
  /** What its output must say: a check that looked at nothing finds nothing. */
  readonly says?: RegExp;
}

const CHECKS: readonly Check[] = [
  { name: 'package' },
  { name: 'format' },
  { name: 'types' },
  { name: 'lint' },
  { name: 'layers', says: /\b[1-9]\d+ modules\b/ },
  { name: 'dead-code' },
];

/** The programs run under the pinned Node, whichever the machine has. */
const env = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) };

function passes({ name, says }: Check): Promise<boolean> {
  const started = performance.now();
  const script = ['run', '--silent', `check:${name}`];
  return new Promise((resolve) => {
    execFile('npm', script, { env, maxBuffer: Infinity }, (error, stdout, stderr) => {
      const passed = error === null && (says?.test(stdout) ?? true);
      if (!passed) console.log(`${stdout}${stderr}`.trimEnd());
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} ${seconds} s`);
      resolve(passed);
    });
  });
}

/** Each begins when a processor is free. */
async function checkAll(): Promise<boolean> {
  const left = [...CHECKS];
  const results: boolean[] = [];
  const work = async (): Promise<void> => {
    for (let check = left.shift(); check; check = left.shift()) results.push(await passes(check));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results.every(Boolean);
}

process.exitCode = (await checkAll()) ? 0 : 1;

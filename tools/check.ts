/** `npm run check`: all that can be said about the sources without running them. Goes on after a failure, to show all. */
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

interface Check {
  readonly name: string;
  /** What its output must say: a check that looked at nothing finds nothing. */
  readonly says?: RegExp;
}

const CHECKS: readonly Check[] = [
  { name: 'format' },
  { name: 'lint' },
  { name: 'types' },
  { name: 'layers', says: /\b[1-9]\d+ modules\b/ },
  { name: 'dead-code' },
  { name: 'package' },
];

/** The programs run under the pinned Node, whichever the machine has. */
const env = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) };

function passes({ name, says }: Check): boolean {
  const started = performance.now();
  const script = ['run', '--silent', `check:${name}`];
  const { status, stdout, stderr } = spawnSync('npm', script, { encoding: 'utf8', env });
  const passed = status === 0 && (says?.test(stdout) ?? true);
  if (!passed) console.log(`${stdout}${stderr}`.trimEnd());
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} ${seconds} s`);
  return passed;
}

const failed = CHECKS.filter((check) => !passes(check));
process.exitCode = failed.length === 0 ? 0 : 1;

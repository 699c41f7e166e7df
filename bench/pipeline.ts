/** Measures the real pipeline: the first build by action, a build with nothing to do, another MAC, beside tar. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BuildReport } from '../src/report/build-report.ts';
import { mebibytes, median, seconds, table, timeProgram } from './timing.ts';

const HELP = `Usage: node bench/pipeline.ts [--runs N] [--full]

Builds //cloudTarball of this repository in an empty store (packages that were fetched before are used again), then
measures a build with nothing to do and builds with fresh MAC addresses, beside an empty Node and tar.

  --runs N   measurements of each, 5 by default; the median counts
  --full     also tar czf of the same disk, which reads all holes: minutes
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
  },
});
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNS = Number(values.runs);

if (values.help) process.stdout.write(HELP);
else measure(mkdtempSync(join(tmpdir(), 'dsmb-bench-')));

function measure(work: string): void {
  try {
    const dsmb = builder(work);
    const first = dsmb(['//cloudTarball', '//bootableDisk']);
    const report = JSON.parse(readFileSync(join(work, 'report.json'), 'utf8')) as BuildReport;
    say(`first build: ${seconds(first)}, of which the longest actions:\n`);
    say(`${actions(report)}\n`);
    say(`disk ${mebibytes(disk().size)}, data ${mebibytes(disk().blocks * 512)}\n`);
    const rows = [
      ['an empty Node', several(() => timeProgram([process.execPath, '-e', '0']))],
      ['dsmb build //cloudTarball, nothing to do', several(() => dsmb(['//cloudTarball']))],
      ['another MAC, --skip-validations', several(() => dsmb(['//cloudTarball', '--skip-validations', ...fresh()]))],
      ['another MAC, with the verify boot', several(() => dsmb(['//cloudTarball', ...fresh()]), 1)],
      ['tar cSzf of the disk', several(() => tar('cSzf', work), 3)],
      ...(values.full ? [['tar czf of the disk', several(() => tar('czf', work), 1)] as const] : []),
    ] as const;
    say(
      table(
        ['what', 'median'],
        rows.map(([what, ms]) => [what, seconds(ms)]),
      ),
    );
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Runs builds in a store of their own; gives milliseconds. */
function builder(work: string): (args: readonly string[]) => number {
  const downloads = process.env['DSMB_DOWNLOADS'] ?? join(ROOT, 'node_modules/.cache/dsmb-bench/downloads');
  mkdirSync(downloads, { recursive: true });
  const env = { ...process.env, DSMB_STORE: join(work, 'store'), DSMB_DOWNLOADS: downloads };
  const report = ['--build-report', join(work, 'report.json')];
  return (args) => timeProgram([join(ROOT, 'dsmb'), 'build', ...args, ...report], env);
}

function actions({ actions: all }: BuildReport): string {
  const longest = all.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, 12);
  const rows = longest.map(({ label, mnemonic, durationMs }) => [`${label} ${mnemonic}`, seconds(durationMs)]);
  return table(['action', 'time'], rows);
}

function fresh(): string[] {
  const tail = [...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  return ['--set', `mac=52:54:00:${tail}`];
}

function disk() {
  return statSync(join(ROOT, 'dsmb-out/bootableDisk/disk.raw'));
}

function tar(mode: string, work: string): number {
  const archive = join(work, 'peer.tar.gz');
  const ms = timeProgram(['tar', mode, archive, '-C', join(ROOT, 'dsmb-out/bootableDisk'), 'disk.raw']);
  rmSync(archive);
  return ms;
}

function several(run: () => number, runs = RUNS): number {
  return median(Array.from({ length: runs }, run));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

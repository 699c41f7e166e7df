/** Measures memory, open files and time with very large disks: 200 GiB with 1 GiB of data, and 20 GiB without a hole. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { watchProcesses, type Part, type Watched } from './processes.ts';
import { mebibytes, seconds, table } from './timing.ts';

const HELP = `Usage: node bench/scale.ts [--full]

Makes a disk, changes a block of it, packs it, exports it and checks it, by the command line, in a store of its own that
is removed in the end. Prints the largest resident memory of one process, and the most files that one had open.

  --full   also a disk of 20 GiB without a hole: needs 25 GiB of free disk (55 for the
           export, which is left out otherwise) and some minutes
`;

const { values } = parseArgs({
  options: { help: { type: 'boolean', default: false }, full: { type: 'boolean', default: false } },
});
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const EXPORT = 'disk export';
/** With room for others. */
const EXPORT_BYTES = { sparse: 5 * 2 ** 30, full: 30 * 2 ** 30 } as const;

if (values.help) process.stdout.write(HELP);
else await measure(mkdtempSync(join(tmpdir(), 'dsmb-scale-')));

async function measure(work: string): Promise<void> {
  try {
    layOut(join(work, 'project'));
    const rows: string[][] = [];
    for (const disk of values.full ? (['sparse', 'full'] as const) : (['sparse'] as const)) {
      for (const [what, args] of commands(disk, work)) {
        if (what === EXPORT && freeBytes(work) < EXPORT_BYTES[disk]) {
          process.stdout.write(`  ${disk}: ${what} is left out, there is not enough free disk\n`);
          continue;
        }
        const watched = await dsmb(work, args);
        rows.push([`${disk}: ${what}`, ...figures(watched)]);
        process.stdout.write(`  ${rows.at(-1)?.join(' | ')}\n`);
      }
      rmSync(join(work, 'exported.raw'), { force: true });
    }
    const head = ['command', 'time', 'builder', 'files', 'step', 'files'];
    process.stdout.write(`\n${table(head, rows)}\n`);
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

function commands(disk: string, work: string): [what: string, args: string[]][] {
  return [
    ['first build of the archive', ['build', `//${disk}Archive`]],
    ['nothing to do', ['build', `//${disk}Archive`]],
    ['one block changed', ['build', `//${disk}Archive`, '--set', 'text=two']],
    ['disk info --verify', ['disk', 'info', `//${disk}`, '--verify']],
    ['disk diff', ['disk', 'diff', `//${disk}`, `//${disk}Changed`]],
    [EXPORT, ['disk', 'export', `//${disk}`, join(work, 'exported.raw')]],
    ['fsck', ['fsck']],
  ];
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** A project whose targets are those of `scale/targets.ts`; they are no part of this repository's own workspace. */
function layOut(project: string): void {
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  mkdirSync(join(project, '.git'));
  symlinkSync(ROOT, join(project, 'node_modules', 'dsmb'));
  copyFileSync(join(ROOT, 'toolchain.lock.json'), join(project, 'toolchain.lock.json'));
  writeFileSync(join(project, 'package.json'), '{ "name": "scale", "private": true, "type": "module" }\n');
  const targets = pathToFileURL(join(ROOT, 'bench/scale/targets.ts')).href;
  writeFileSync(join(project, 'build.dsm.ts'), `export * from ${JSON.stringify(targets)};\n`);
}

function dsmb(work: string, args: readonly string[]): Promise<Watched> {
  const downloads = process.env['DSMB_DOWNLOADS'] ?? join(ROOT, 'node_modules/.cache/dsmb-bench/downloads');
  const env = { ...process.env, DSMB_STORE: join(work, 'store'), DSMB_DOWNLOADS: downloads, DSMB_MAX_SIZE: 'none' };
  return watchProcesses([join(ROOT, 'dsmb'), ...args], env, join(work, 'project'));
}

function figures({ ms, usage }: Watched): string[] {
  const of = (part: Part): string[] => {
    const found = usage.get(part);
    return found ? [mebibytes(found.resident), String(found.openFiles)] : ['', ''];
  };
  return [seconds(ms), ...of('builder'), ...of('step')];
}

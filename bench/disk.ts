/** Measures what a changed MAC address costs on the 20 GiB disk of the real pipeline, beside tar and a plain copy. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { digestCosts } from './disk-digest.ts';
import { watchProcesses } from './processes.ts';
import { newBytes, snapshot } from './new-bytes.ts';
import { isInstalled, mebibytes, median, seconds, table, timeProgram } from './timing.ts';

const HELP = `Usage: node bench/disk.ts [--runs N] [--payload MiB] [--quick]

Builds //cloudTarball and //bootableDisk of this repository with a payload of the kernel's files (once:
the installation runs), then measures builds with fresh MAC addresses, without the verify boot, and other ways to the same.

  --runs N       measurements of each, 5 by default; the median counts
  --payload MiB  size of the payload, 350 by default
  --quick        without tar czf, which reads all holes: minutes

The store is $DSMB_BENCH_STORE, or node_modules/.cache/dsmb-bench. dsmb's own times hold all of it: start of the command,
evaluation, sandboxes, the archive in the store, synced to the disk, and delivered to dsmb-out.
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    payload: { type: 'string', default: '350' },
  },
});
const RUNS = Number(values.runs);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STORE = process.env['DSMB_BENCH_STORE'] ?? join(ROOT, 'node_modules', '.cache', 'dsmb-bench');
const WORK = join(STORE, 'bench');
/** Where a peer writes its file. */
const COPY = join(WORK, 'copy');
const ARCHIVE = join(ROOT, 'dsmb-out', 'cloudTarball', 'dsm.tar.gz');
const DISK = join(ROOT, 'dsmb-out', 'bootableDisk', 'disk.raw');

if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  mkdirSync(WORK, { recursive: true });
  say(`building with a payload of ${values.payload} MiB …`);
  const first = build(['//cloudTarball', '//bootableDisk']);
  const disk = statSync(DISK);
  say(`${seconds(first)}; disk ${mebibytes(disk.size)}, data ${mebibytes(disk.blocks * 512)}`);
  say(`archive ${mebibytes(statSync(ARCHIVE).size)}; memory ${mebibytes(totalmem())}`);
  try {
    report();
    await reportMemory();
  } finally {
    rmSync(WORK, { recursive: true, force: true });
  }
}

interface Row {
  readonly what: string;
  readonly ms: number;
}

function report(): void {
  const { ms, copy, synced, written } = changedMac();
  const rows: Row[] = [
    { what: 'dsmb build //cloudTarball, another MAC', ms },
    { what: 'cp of the finished archive', ms: copy },
    { what: 'cp, then sync of the copy', ms: synced },
    ...peers(),
  ];
  const shown = rows.map((row) => [
    row.what.replaceAll('|', '\\|'),
    seconds(row.ms),
    ratio(row.ms / copy),
    ratio(row.ms / ms),
  ]);
  say(`\n${table(['20 GiB disk → archive', 'median', '÷ cp', '÷ dsmb'], shown)}\n`);
  say(`written to the store for another MAC: ${mebibytes(written)} on disk, and the archive itself\n`);
  const { full, changed } = digestCosts(DISK, join(WORK, 'digest'));
  const digests = [full, changed].map((cost) => [
    cost.what,
    String(cost.blocks),
    mebibytes(cost.bytes),
    `${cost.ms.toFixed(1)} ms`,
    `${((100 * cost.ms) / full.ms).toFixed(1)} %`,
  ]);
  say(table(['digest of the disk', 'blocks hashed', 'bytes', 'median', 'of full'], digests));
}

/** One more change, not timed: looking at processes takes time itself. */
async function reportMemory(): Promise<void> {
  const { usage } = await watchProcesses(...buildCommand(['//cloudTarball', '--set', `mac=${freshMac()}`]), ROOT);
  const rows = [...usage].map(([part, { resident, openFiles }]) => [part, mebibytes(resident), String(openFiles)]);
  say(`\n${table(['process', 'largest resident', 'open files'], rows)}`);
}

interface Change {
  readonly ms: number;
  readonly copy: number;
  readonly synced: number;
  readonly written: number;
}

/** Builds with MAC addresses that were never built before, each followed by copies of the archive. */
function changedMac(): Change {
  const changes = Array.from({ length: RUNS }, (): Change => {
    const before = snapshot(STORE);
    const mac = freshMac();
    settle();
    const ms = build(['//cloudTarball', '--set', `mac=${mac}`]);
    const written = newBytes(STORE, before, statSync(blobOfArchive()).ino);
    settle();
    const copy = timeProgram(['cp', ARCHIVE, COPY]);
    settle();
    const synced = timeProgram(shell('cp "$1" "$2" && sync "$2"', ARCHIVE, COPY));
    say(
      `  ${mac}: ${seconds(ms)}; cp ${seconds(copy)}, with sync ${seconds(synced)}; ${mebibytes(written)} new in the store`,
    );
    return { ms, copy, synced, written };
  });
  const of = (key: keyof Change) => median(changes.map((change) => change[key]));
  return { ms: of('ms'), copy: of('copy'), synced: of('synced'), written: of('written') };
}

/** Where the store has the archive, by the checksum that lies beside it. */
function blobOfArchive(): string {
  const [hash = ''] = readFileSync(join(ARCHIVE, '..', 'SHA256SUMS'), 'utf8').split(' ');
  return join(STORE, 'cas.v1', hash.slice(0, 2), hash);
}

/**
 * Nobody pays for what the one before has left: neither for writing it down, nor for memory that it holds. New memory
 * is dear on a virtual machine, whose host has to find it.
 */
function settle(): void {
  rmSync(COPY, { force: true });
  timeProgram(['sync']);
}

function peers(): Row[] {
  const pack = (command: string): Row[] => {
    const missing = command.match(/\b(tar|pigz|zstd)\b/g)?.filter((program) => !isInstalled(program)) ?? [];
    if (missing.length > 0) say(`  left out, ${missing.join(' and ')} is not installed: ${command}`);
    return missing.length > 0 ? [] : [{ what: command, ms: several(command, 3) }];
  };
  const dense = values.quick ? [] : [{ what: 'tar czf', ms: several('tar czf', 1) }];
  return [...dense, ...['tar cSzf', 'tar cS | pigz', 'tar cS | zstd -T0'].flatMap(pack)];
}

/** `tar …f` writes the file itself; a pipe's output is redirected. */
function tarOf(command: string, out: string): string[] {
  const [tar = '', filter] = command.split(' | ');
  const script = filter ? `${tar} -C "$2" disk.raw | ${filter} -q > "$1"` : `${tar} "$1" -C "$2" disk.raw`;
  return shell(script, out, join(DISK, '..'));
}

function shell(script: string, ...args: string[]): string[] {
  return ['sh', '-c', script, '-', ...args];
}

/** Median of runs that each make a new file. */
function several(command: string, runs: number): number {
  const times = Array.from({ length: runs }, () => {
    settle();
    return timeProgram(tarOf(command, COPY));
  });
  say(`  ${command}: ${times.map(seconds).join(', ')}`);
  return median(times);
}

function build(args: readonly string[]): number {
  return timeProgram(...buildCommand(args));
}

function buildCommand(args: readonly string[]): [argv: string[], env: NodeJS.ProcessEnv] {
  const payload = ['--set', `guest:payloadMiB=${values.payload}`];
  return [
    [join(ROOT, 'dsmb'), 'build', ...args, '--skip-validations', ...payload],
    { ...process.env, DSMB_STORE: STORE },
  ];
}

function freshMac(): string {
  return `52:54:00:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

function ratio(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ×`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

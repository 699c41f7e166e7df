/**
 * Memory and open files must grow neither with the disk nor with what is on it: each archive is packed by a process of its
 * own, with few files allowed. Full sizes, through the sandbox: `bench/scale.ts --full`.
 */
import { editDisk } from 'dsmb/disk';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArchiveFormat } from './formats.ts';

const MIB = 2 ** 20;
const MAX_RESIDENT_MIB = 300;
const MAX_OPEN_FILES = 64;
/** What one process may have more than another that does the same: when garbage is collected is chance. */
const CHANCE = { residentMiB: 128, openFiles: 8 } as const;
const TIMEOUT_MS = 240_000;
const LONG = { tags: 'long', timeout: TIMEOUT_MS };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
  await writeFile(join(folder, 'pack.mjs'), PACK);
});
afterAll(() => rm(folder, { recursive: true }));

interface Disk {
  readonly sizeMiB: number;
  /** All of them different, spread evenly over the disk. */
  readonly blocks: number;
  /** Of each block; the rest of it is text. */
  readonly noiseKiB: number;
}

const SMALL: Disk = { sizeMiB: 20 * 1024, blocks: 32, noiseKiB: 256 };
const LARGE = (blocks: number): Disk => ({ sizeMiB: 200 * 1024, blocks, noiseKiB: 256 });
/** No block of it packs. */
const FULL: Disk = { sizeMiB: 512, blocks: 512, noiseKiB: 1024 };

/** With as many MiB of data as can be packed in some seconds: of the format that is most used, a GiB. */
const FORMATS: readonly (readonly [ArchiveFormat, number])[] = [
  ['gcp', 256],
  ['gz', 256],
  ['zst', 1024],
  ['xz', 160],
  ['tar.gz', 1024],
  ['vhd', 256],
  ['vmdk', 256],
];

function makeDisk(to: string, { sizeMiB, blocks, noiseKiB }: Disk): void {
  const disk = editDisk({ to, size: sizeMiB * MIB });
  const content = Buffer.alloc(MIB, 'a line of text, which packs well\n');
  for (let at = 0; at < noiseKiB * 1024; at += 64) createHash('sha512').update(`${at}`).digest().copy(content, at);
  for (let block = 0; block < blocks; block++) {
    content.writeUInt32LE(block, 0);
    disk.write(block * Math.floor(sizeMiB / blocks) * MIB, content);
  }
  disk.finish();
}

interface Usage {
  /** The most that the process has had, with the most that its programs have had at one time. */
  readonly residentMiB: number;
  readonly openFiles: number;
}

const at = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
const PACK = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { runStepHere } from ${at('../../src/testing/step.ts')};
  const [disk, format, archive] = process.argv.slice(2);
  const step = format === 'xz' ? import(${at('./disk-archive-xz.step.ts')}) : import(${at('./disk-archive.step.ts')});

  const residentKiB = (pid) => {
    try {
      return Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync(\`/proc/\${pid}/status\`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0; // it has ended
    }
  };
  let [openFiles, programs] = [0, 0];
  const look = () => {
    openFiles = Math.max(openFiles, readdirSync('/proc/self/fd').length - 1);
    const children = readdirSync('/proc/self/task').flatMap((thread) =>
      readFileSync(\`/proc/self/task/\${thread}/children\`, 'utf8').split(' ').filter((pid) => pid !== ''),
    );
    programs = Math.max(programs, children.reduce((sum, pid) => sum + residentKiB(pid), 0));
  };
  const looking = setInterval(look, 5);
  const args = { file: 'm', format, sparse: 'gnu', level: 1 };
  const outputs = { archive, manifest: archive + '.json' };
  await runStepHere((await step).default, { args, inputs: { disk }, outputs, scratch: archive + '.scratch' });
  clearInterval(looking);
  look();
  const residentMiB = Math.round((process.resourceUsage().maxRSS + programs) / 1024);
  console.log(JSON.stringify({ residentMiB, openFiles }));`;

/** The folder of such a disk, made when it is asked for first. */
function folderOf(disk: Disk): string {
  const path = join(folder, `disk-${disk.sizeMiB}-${disk.blocks}`);
  if (!existsSync(path)) makeDisk(path, disk);
  return path;
}

/** Packs in a process of its own. */
async function pack(disk: Disk, format: ArchiveFormat): Promise<Usage> {
  const source = folderOf(disk);
  const work = await mkdtemp(join(folder, 'pack-'));
  const node = [process.execPath, '--conditions=dsmb-source', join(folder, 'pack.mjs')];
  const limited = ['-c', `ulimit -n ${MAX_OPEN_FILES} && exec "$@"`, '-', ...node];
  const { stdout } = await execa('sh', [...limited, source, format, join(work, 'archive')]);
  await rm(work, { recursive: true });
  return JSON.parse(stdout) as Usage;
}

describe('diskArchive in bounded memory', () => {
  test.each([['qcow2', 256]] as const)('%s of 200 GiB with %i MiB in them', { timeout: TIMEOUT_MS }, isBounded);
  test.concurrent.each(FORMATS)('%s of 200 GiB with %i MiB in them', LONG, isBounded);

  async function isBounded(format: ArchiveFormat, blocks: number): Promise<void> {
    const small = await pack(SMALL, format);
    const large = await pack(LARGE(blocks), format);
    console.log(`${format}: ${JSON.stringify({ small, large })}`);
    expect(large.residentMiB).toBeLessThan(Math.min(MAX_RESIDENT_MIB, small.residentMiB + CHANCE.residentMiB));
    expect(large.openFiles).toBeLessThan(Math.min(MAX_OPEN_FILES, small.openFiles + CHANCE.openFiles));
  }

  test.concurrent.each(['tar.gz', 'qcow2'] as const)('%s of a disk that is full', LONG, async (format) => {
    const { residentMiB, openFiles } = await pack(FULL, format);
    expect(residentMiB).toBeLessThan(MAX_RESIDENT_MIB);
    expect(openFiles).toBeLessThan(MAX_OPEN_FILES);
  });
});

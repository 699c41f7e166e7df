/** Memory and open files must not grow with the disk: the step runs in a process of its own, with few files allowed. */
import { editDisk } from 'dsmb/disk';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArchiveFormat } from './formats.ts';

const MIB = 2 ** 20;
const MAX_RESIDENT_MIB = 300;
const MAX_OPEN_FILES = 64;

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'memory-'))));
afterAll(() => rm(folder, { recursive: true }));

/** A disk with `count` blocks that do not compress, spread over all of it. */
function makeDisk(name: string, sizeMiB: number, count: number): string {
  const to = join(folder, name);
  const disk = editDisk({ to, size: sizeMiB * MIB });
  const content = Buffer.concat(
    Array.from({ length: MIB / 64 }, (_, index) => createHash('sha512').update(`${index}`).digest()),
  );
  for (let block = 0; block < count; block++) {
    content.writeUInt32LE(block, 0);
    disk.write(block * Math.floor(sizeMiB / count) * MIB, content);
  }
  disk.finish();
  return to;
}

/** Packs in a process of its own; gives its largest resident size in MiB. */
async function residentMiB(disk: string, format: ArchiveFormat): Promise<number> {
  const script = join(folder, 'pack.mjs');
  const at = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  await writeFile(
    script,
    `import step from ${at('./disk-archive.step.ts')};
    import { runStepHere } from ${at('../../src/step/testing.ts')};
    const [disk, format, archive, manifest, scratch] = process.argv.slice(2);
    const args = { file: 'm', format, sparse: 'gnu', level: 1 };
    await runStepHere(step, { args, inputs: { disk }, outputs: { archive, manifest }, scratch });
    console.log(process.resourceUsage().maxRSS / 1024);`,
  );
  const archive = join(folder, `archive-${format}`);
  const scratch = join(folder, `scratch-${format}`);
  const limited = ['-c', `ulimit -n ${MAX_OPEN_FILES} && exec "$@"`, '-', process.execPath, script];
  const { stdout } = await execa('sh', [...limited, disk, format, archive, `${archive}.json`, scratch]);
  await rm(archive);
  await rm(`${archive}.json`);
  await rm(scratch, { recursive: true, force: true });
  return Number(stdout);
}

describe('diskArchive in bounded memory', () => {
  test.each(['tar.gz', 'qcow2', 'vmdk', 'zst'] as const)(
    '%s of 200 GiB with little in them',
    async (format) => {
      const disk = makeDisk(`sparse-${format}`, 200 * 1024, 128);
      expect(await residentMiB(disk, format)).toBeLessThan(MAX_RESIDENT_MIB);
      await rm(disk, { recursive: true });
    },
    120_000,
  );

  test.each(['tar.gz', 'qcow2'] as const)(
    '%s of a disk that is full',
    async (format) => {
      const disk = makeDisk(`full-${format}`, 512, 512);
      expect(await residentMiB(disk, format)).toBeLessThan(MAX_RESIDENT_MIB);
      await rm(disk, { recursive: true });
    },
    240_000,
  );
});

/** Archives over a disk that was in use, by the commands of the common scripts that reinstall a host. */
import { editDisk, SECTOR, withMbr, diskToRaw } from 'dsmb/disk';
import { runStepHere } from 'dsmb/testing';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import step from './disk-archive.step.ts';
import { FORMATS, type ArchiveFormat } from './formats.ts';

const MIB = 2 ** 20;
const SIZE = 16 * MIB;

let folder = '';
let disk = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'used-disk-'));
  disk = join(folder, 'disk');
  const content = editDisk({ to: disk, size: SIZE });
  content.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions: [] }));
  for (const block of [3, 9]) content.write(block * MIB, randomBytes(MIB));
  content.finish();
  diskToRaw(disk, join(folder, 'wanted.raw'));
});
afterAll(() => rm(folder, { recursive: true }));

async function pack(format: ArchiveFormat, sparse?: 'gnu' | 'plain'): Promise<string> {
  const scratch = await mkdtemp(join(folder, 'pack-'));
  const archive = join(scratch, `disk${FORMATS[format].extension}`);
  await mkdir(join(scratch, 'work'));
  await runStepHere(step, {
    args: { file: `disk${FORMATS[format].extension}`, format, ...(sparse ? { sparse, level: 6 } : {}) },
    inputs: { disk },
    outputs: { archive, manifest: join(scratch, 'manifest.json') },
    scratch: join(scratch, 'work'),
    log: () => {},
  });
  return archive;
}

/** Runs a command with the archive as $archive, and a disk full of other data as $disk; whether that is the image then. */
async function isRight(archive: string, command: string): Promise<boolean> {
  const [used, wanted] = [join(folder, 'used.raw'), join(folder, 'wanted.raw')];
  await writeFile(used, randomBytes(SIZE));
  await execa('sh', ['-c', command], { env: { archive, disk: used } });
  return (await readFile(used)).equals(await readFile(wanted));
}

// A block device is not cut off when it is opened, as a file would be: hence `<>`, and conv=notrunc.
test.each<[string, ArchiveFormat, 'gnu' | 'plain' | undefined, string]>([
  ['reinstall, of a raw image', 'gz', undefined, 'gzip -dc <$archive 1<>$disk'],
  ['reinstall, of a tar', 'tar.gz', 'plain', 'tar x --gzip -O <$archive 1<>$disk'],
  ['InstallNET', 'gz', undefined, 'cat $archive | busybox gunzip -dc | busybox dd of=$disk conv=notrunc'],
  ['a rescue system', 'tar.gz', 'gnu', 'tar xzO <$archive | dd of=$disk bs=1M conv=notrunc'],
  ['qemu-img', 'qcow2', undefined, 'qemu-img convert -n -f qcow2 -O raw $archive $disk'],
])('is right after the commands of %s', async (_, format, sparse, command) => {
  expect(await isRight(await pack(format, sparse), command)).toBe(true);
});

test('is wrong where GNU tar writes to the disk itself: it leaves out the holes of a sparse member', async () => {
  expect(await isRight(await pack('tar.gz', 'gnu'), 'tar x --gzip -O <$archive 1<>$disk')).toBe(false);
});

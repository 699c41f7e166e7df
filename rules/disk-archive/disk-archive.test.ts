import { bufferSource, diskToRaw, editDisk, SECTOR, withMbr, writeFat16 } from 'dsmb/disk';
import { runStepHere } from 'dsmb/testing';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import step from './cloud-tarball.step.ts';

const MIB = 2 ** 20;
const SIZE = 64 * MIB;
const BOOT = { number: 4, active: true, type: 0x0e, start: 40 * 2048, sectors: 20 * 2048 } as const;

let folder = '';
let round = 0;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tarball-'))));
afterAll(() => rm(folder, { recursive: true }));

/** A disk with a few blocks of data, and a boot partition whose grub.cfg has the MAC address. */
async function makeDisk(mac: string): Promise<string> {
  const to = join(folder, `disk-${round++}`);
  const disk = editDisk({ to, size: SIZE });
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 0x1234_5678, partitions: [BOOT] }));
  for (const block of [3, 4, 9, 30])
    disk.write(block * MIB, Buffer.alloc(MIB, createHash('sha512').update(`${block}`).digest()));
  const sink = {
    size: BOOT.sectors * SECTOR,
    write: (at: number, bytes: Uint8Array) => disk.write(BOOT.start * SECTOR + at, bytes),
  };
  const config = Buffer.from(`set default=0\nset mac1=${mac}\n`);
  writeFat16(sink, {
    sectors: BOOT.sectors,
    hiddenSectors: BOOT.start,
    volumeId: 1,
    label: 'BOOT',
    epoch: 1_700_000_000,
    files: [{ path: 'boot/grub/grub.cfg', source: bufferSource(config) }],
  });
  disk.finish();
  return to;
}

async function pack(disk: string, sparse: 'gnu' | 'plain', memo?: string): Promise<{ folder: string; log: string[] }> {
  const archive = join(folder, `archive-${round++}`);
  const log: string[] = [];
  await runStepHere(step, {
    args: { name: 'test', sparse, level: 6 },
    inputs: { disk },
    outputs: { archive },
    scratch: folder,
    memo,
    log: (line) => log.push(line),
  });
  return { folder: archive, log };
}

async function rawSha256(disk: string): Promise<string> {
  const raw = join(folder, `raw-${round++}`);
  diskToRaw(disk, raw);
  return createHash('sha256')
    .update(await readFile(raw))
    .digest('hex');
}

const EXTRACT =
  'import sys,tarfile; t=tarfile.open(sys.argv[1]); sys.stdout.buffer.write(t.extractfile(t.next()).read())';

describe('cloudTarball', () => {
  test.each([
    ['gnu', 'tar', ['tar', '-xzOf']],
    ['gnu', 'bsdtar', ['bsdtar', '-xzOf']],
    ['gnu', 'python', ['python3', '-c', EXTRACT]],
    ['plain', 'tar', ['tar', '-xzOf']],
    ['plain', 'bsdtar', ['bsdtar', '-xzOf']],
    ['plain', 'busybox', ['busybox', 'tar', '-xzOf']],
    ['plain', 'python', ['python3', '-c', EXTRACT]],
  ] as const)('%s, read by %s, is the disk byte for byte', async (sparse, _, [program, ...args]) => {
    const disk = await makeDisk('525400C91827');
    const { folder: archive } = await pack(disk, sparse);
    const { stdout } = await execa(program, [...args, join(archive, 'test.tar.gz')], { encoding: 'buffer' });
    expect(createHash('sha256').update(stdout).digest('hex')).toBe(await rawSha256(disk));
  });

  test('checksums hold, and the manifest says what is in it', async () => {
    const { folder: archive } = await pack(await makeDisk('525400C91827'), 'gnu');
    await execa('sha256sum', ['-c', 'SHA256SUMS'], { cwd: archive });
    const manifest = JSON.parse(await readFile(join(archive, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      format: 'dsmb-archive/1',
      archive: {
        file: 'test.tar.gz',
        member: 'disk.raw',
        sparse: 'gnu',
        bytes: (await readFile(join(archive, 'test.tar.gz'))).length,
      },
      disk: { bytes: SIZE, partitions: [BOOT], blocksRoot: expect.stringMatching(/^[0-9a-f]{64}$/) },
      placeholderMac: '52:54:00:c9:18:27',
    });
  });

  test('with another MAC one block is compressed, and the archive is what it is without kept blocks', async () => {
    const memo = join(folder, 'memo');
    await mkdir(memo);
    await pack(await makeDisk('525400C91827'), 'gnu', memo);
    const other = await makeDisk('525400AABBCC');
    const kept = await pack(other, 'gnu', memo);
    const fresh = await pack(other, 'gnu');
    expect(kept.log.at(-1)).toMatch(/^1 of \d+ blocks compressed/);
    for (const file of ['test.tar.gz', 'SHA256SUMS', 'manifest.json'])
      expect((await readFile(join(kept.folder, file))).equals(await readFile(join(fresh.folder, file)))).toBe(true);
  });
});

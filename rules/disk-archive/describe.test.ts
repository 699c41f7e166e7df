/** What a manifest says of a disk that somebody else has made. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  bufferSource,
  editDisk,
  openDisk,
  SECTOR,
  withMbr,
  writeFat16,
  type DiskReader,
  type MbrPartition,
} from 'dsmb/disk';
import { deploymentOf } from './describe.ts';

const MIB = 1024 * 1024;
const BOOT = { number: 1, active: true, type: 0x0e, start: 2048, sectors: 32 * 2048 } as const;
const MAC = 'set mac1=525400c91827\n';

const scratch = mkdtempSync(join(tmpdir(), 'describe-test-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Files {
  readonly config: string;
  readonly efi?: boolean;
  /** Content of network.cfg. */
  readonly network?: string;
  /** In sector 0. */
  readonly code?: boolean;
}

function diskWith(name: string, { config, efi = false, code = false, network }: Files): DiskReader {
  const to = join(scratch, name);
  const disk = editDisk({ to, size: 40 * MIB });
  disk.write(0, withMbr(Buffer.alloc(SECTOR, code ? Buffer.alloc(440, 1) : 0), { diskId: 1, partitions: [BOOT] }));
  const sink = { write: (at: number, bytes: Uint8Array) => disk.write(BOOT.start * SECTOR + at, bytes) };
  const fat = { sectors: BOOT.sectors, hiddenSectors: BOOT.start, volumeId: 1, label: 'BOOT', epoch: 1_700_000_000 };
  const files = [
    { path: 'boot/grub/grub.cfg', source: bufferSource(Buffer.from(config)) },
    ...(network === undefined ? [] : [{ path: 'boot/grub/network.cfg', source: bufferSource(Buffer.from(network)) }]),
    ...(efi ? [{ path: 'EFI/BOOT/BOOTX64.EFI', source: bufferSource(Buffer.from('MZ')) }] : []),
  ];
  writeFat16(sink, { ...fat, files });
  disk.finish();
  return openDisk(to);
}

it.each([
  ['at its beginning', MAC + '#'.repeat(2 * MIB), '52:54:00:c9:18:27'],
  ['behind its first MiB, which is all that is read', '#'.repeat(2 * MIB) + `\n${MAC}`, undefined],
])('a configuration with the address %s', (where, config, mac) => {
  expect(deploymentOf(diskWith(where, { config })).placeholderMac).toBe(mac);
});

it('tells where the digits of the address are, so that they can be replaced on the disk', () => {
  const disk = diskWith('offset', { config: `# a comment\n${MAC}` });
  const { macOffset = 0, macPrefixes } = deploymentOf(disk);
  expect(disk.read(macOffset, 12).toString()).toBe('525400c91827');
  expect(macPrefixes).toEqual(['52:54:00']);
});

it('tells no place where the digits are in two sectors: they could be replaced by halves', () => {
  const before = '#'.repeat(SECTOR - 'set mac1='.length - 7);
  const { macOffset, placeholderMac } = deploymentOf(diskWith('two-sectors', { config: `${before}\n${MAC}` }));
  expect([macOffset, placeholderMac]).toEqual([undefined, '52:54:00:c9:18:27']);
});

it('tells of a file for the network only while it is empty and of the size that is known', () => {
  const networkOf = (name: string, network: string) => deploymentOf(diskWith(name, { config: MAC, network })).network;
  const { offset = 0, bytes } = networkOf('network', '\n'.repeat(512)) ?? {};
  expect([offset % SECTOR, bytes]).toEqual([0, 512]);
  expect(networkOf('network-small', '\n'.repeat(511))).toBeUndefined();
  expect(networkOf('network-used', `${'\n'.repeat(511)}x`)).toBeUndefined();
});

it('tells of the last partition where it ends with the disk, and holds no others', () => {
  const disk = (name: string, last: Partial<MbrPartition>): DiskReader => {
    const to = join(scratch, name);
    const partition: MbrPartition = { number: 2, active: false, type: 0x83, start: 4096, sectors: 76 * 1024, ...last };
    const edit = editDisk({ to, size: 40 * MIB });
    edit.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions: [{ ...BOOT, sectors: 2048 }, partition] }));
    edit.finish();
    return openDisk(to);
  };
  expect(deploymentOf(disk('last', {})).lastPartition).toEqual({
    ...{ number: 2, start: 4096, sectors: 76 * 1024, sectorsOffset: 446 + 16 + 12 },
  });
  expect(deploymentOf(disk('not-last', { sectors: 1024 })).lastPartition).toBeUndefined();
  expect(deploymentOf(disk('extended', { type: 0x0f })).lastPartition).toBeUndefined();
});

it.each([
  [[], {}],
  [['bios'], { code: true }],
  [['efi'], { efi: true }],
  [['bios', 'efi'], { code: true, efi: true }],
])('tells which firmware starts the disk: %j', (boot, more) => {
  const disk = diskWith(`boot-${boot.join('-')}`, { config: MAC, ...more });
  expect(deploymentOf(disk)).toMatchObject({ boot, minimum: { memoryMiB: 256, diskBytes: 40 * MIB } });
});

it('tells of a disk without a table what is true of it', () => {
  const to = join(scratch, 'empty');
  const disk = editDisk({ to, size: MIB });
  disk.finish();
  expect(deploymentOf(openDisk(to))).toEqual({ boot: [], minimum: { memoryMiB: 256, diskBytes: MIB } });
});

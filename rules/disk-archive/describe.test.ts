/** What a manifest says of a disk that somebody else has made. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bufferSource, editDisk, openDisk, SECTOR, withMbr, writeFat16 } from 'dsmb/disk';
import { placeholderMac } from './describe.ts';

const MIB = 1024 * 1024;
const BOOT = { number: 1, active: true, type: 0x0e, start: 2048, sectors: 32 * 2048 } as const;
const MAC = 'set mac1=525400c91827\n';

const scratch = mkdtempSync(join(tmpdir(), 'describe-test-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it.each([
  ['at its beginning', MAC + '#'.repeat(2 * MIB), '52:54:00:c9:18:27'],
  ['behind its first MiB, which is all that is read', '#'.repeat(2 * MIB) + `\n${MAC}`, undefined],
])('a configuration with the address %s', (where, config, mac) => {
  const to = join(scratch, where);
  const disk = editDisk({ to, size: 40 * MIB });
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions: [BOOT] }));
  const sink = { write: (at: number, bytes: Uint8Array) => disk.write(BOOT.start * SECTOR + at, bytes) };
  const fat = { sectors: BOOT.sectors, hiddenSectors: BOOT.start, volumeId: 1, label: 'BOOT', epoch: 1_700_000_000 };
  writeFat16(sink, { ...fat, files: [{ path: 'boot/grub/grub.cfg', source: bufferSource(Buffer.from(config)) }] });
  disk.finish();
  expect(placeholderMac(openDisk(to))).toBe(mac);
});

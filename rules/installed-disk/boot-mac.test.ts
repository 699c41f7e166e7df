/** The MAC, read out of disks made here. */
import { expect, it } from 'vitest';
import { bufferSource, SECTOR, withMbr, writeFat16 } from '../../src/disk/index.ts';
import { bootMac, macsOf } from './boot-mac.ts';

const START = 2048;
const SECTORS = 32_768;

function diskWith(config: string, active: boolean): Buffer {
  const disk = Buffer.alloc((START + SECTORS) * SECTOR);
  const partition = { number: 4, active, type: 0x0e, start: START, sectors: SECTORS } as const;
  withMbr(disk.subarray(0, SECTOR), { diskId: 1, partitions: [partition] }).copy(disk);
  const sink = { write: (offset: number, bytes: Uint8Array) => disk.set(bytes, START * SECTOR + offset) };
  const files = [{ path: 'boot/grub/grub.cfg', source: bufferSource(Buffer.from(config)) }];
  writeFat16(sink, { sectors: SECTORS, hiddenSectors: START, volumeId: 1, label: 'TEST', epoch: 0, files });
  return disk;
}

it('comes from grub.cfg on the active partition', () => {
  const disk = diskWith('set timeout=1\nset mac1=525400C91827\n', true);
  expect(bootMac(bufferSource(disk))).toBe('52:54:00:c9:18:27');
});

it('needs an active partition', () => {
  expect(() => bootMac(bufferSource(diskWith('', false)))).toThrow('nothing would boot');
});

it.each(['set mac1=525400c91827', '  set mac1="52:54:00:C9:18:27"', "set mac1='52-54-00-c9-18-27'"])(
  'is read: %s',
  (line) => {
    expect(macsOf(`set x=1\n${line}\nset mac1=000000000000`)).toEqual(['52:54:00:c9:18:27']);
  },
);

it.each(['', 'set mac1=5254', '# set mac1=525400c91827', 'set mac12=525400c91827'])('is missing: %s', (config) => {
  expect(() => macsOf(config)).toThrow('sets no mac1');
});

it('comes with those of further cards, as far as they follow each other', () => {
  const lines = [1, 2, 3, 5].map((number) => `set mac${number}=52540000000${number}\n`);
  expect(macsOf(lines.join(''))).toEqual(['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03']);
});

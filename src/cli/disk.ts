/** `dsmb disk`: looks into disks, without root and without mounting them. */
import { fail } from '../model/diagnostic.ts';
import type { Command } from './command.ts';

export const disk: Command = {
  name: 'disk',
  summary: 'look into a disk, compare two, write one to a file',
  usage: 'info|ls|cat|diff|export DISK…',
  examples: [
    ['dsmb disk info //bootableDisk', 'partitions, file systems, arrays'],
    ['dsmb disk ls //bootableDisk p4:/boot/grub', 'a folder of partition 4'],
    ['dsmb disk cat //bootableDisk p4:/boot/grub/grub.cfg', 'a file'],
    ['dsmb disk diff //installedDisk //bootableDisk', 'what differs, by partition and by file'],
    ['dsmb disk export //bootableDisk disk.raw', 'one sparse image file'],
  ],
  options: {},
  subcommands: {
    info: async () => (await import('./disk/info.ts')).info,
    ls: async () => (await import('./disk/ls.ts')).ls,
    cat: async () => (await import('./disk/cat.ts')).cat,
    diff: async () => (await import('./disk/diff.ts')).diff,
    export: async () => (await import('./disk/export.ts')).exportDisk,
  },
  run: async () =>
    fail('USAGE', 'dsmb disk needs a command: info, ls, cat, diff or export', { hint: 'dsmb disk --help' }),
};

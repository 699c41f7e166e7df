/** `dsmb disk cat`: a file of a file system, on standard output. */
import { pipeline } from 'node:stream/promises';
import type { ByteSource } from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { forTerminal } from '../../report/print.ts';
import { DISK, DISK_OPTIONS, openOperand } from './operand.ts';
import { openDiskPath } from './path.ts';

export const cat: Command = {
  name: 'disk cat',
  summary: 'print a file of a FAT or ext file system',
  usage: `${DISK} pN:/path…`,
  examples: [
    ['dsmb disk cat //bootableDisk p4:/boot/grub/grub.cfg', 'the boot menu'],
    ['dsmb disk cat //installedDisk p1:/etc/VERSION', 'a file of the installed system'],
    ['dsmb disk cat //bootableDisk p4:/boot/grub/DS3615xs/rd.gz > rd.gz', 'any file, byte for byte'],
  ],
  options: { set: DISK_OPTIONS['set']!, workspace: DISK_OPTIONS['workspace']! },
  run: runCat,
};

const PIECE = 1024 * 1024;

async function runCat(call: Call): Promise<number> {
  const [operand, ...places] = call.operands;
  if (operand === undefined || places.length === 0)
    fail('USAGE', 'dsmb disk cat needs a disk and a path', { hint: cat.examples[0]![0] });
  using opened = await openOperand(call, operand);
  for (const place of places) {
    const { fileSystem, path } = openDiskPath(opened.disk, place);
    const bytes = pieces(fileSystem.file(path));
    if (process.stdout.isTTY) await pipeline(bytes, forTerminal(), process.stdout, { end: false });
    else await pipeline(bytes, process.stdout, { end: false });
  }
  return EXIT.ok;
}

function* pieces(file: ByteSource): Generator<Buffer> {
  for (let at = 0; at < file.size; at += PIECE) yield file.read(at, Math.min(PIECE, file.size - at));
}

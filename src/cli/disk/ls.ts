/** `dsmb disk ls`: what is in a folder of a file system, without mounting it. */
import { readPartitions, type FileSystem, type FileSystemEntry } from '../../disk/index.ts';
import { fail, toDiagnostic } from '../../model/diagnostic.ts';
import { formatEntries, formatPartitions } from '../../report/disk-entries.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { DISK, DISK_OPTIONS, openOperand } from './operand.ts';
import { openDiskPath } from './path.ts';
import { printJson, printText } from '../../report/print.ts';

export const ls: Command = {
  name: 'disk ls',
  summary: 'list a folder of a FAT or ext file system',
  usage: `${DISK} [pN:/path] [--recursive]`,
  examples: [
    ['dsmb disk ls //bootableDisk p4:/boot/grub', 'a folder of partition 4'],
    ['dsmb disk ls //bootableDisk p1: --recursive', 'everything in partition 1, read through its array'],
    ['dsmb disk ls //bootableDisk', 'the partitions'],
  ],
  options: {
    ...DISK_OPTIONS,
    recursive: { type: 'boolean', short: 'r', help: 'also what is in the folders' },
  },
  run: runLs,
};

async function runLs(call: Call): Promise<number> {
  const [operand, place, ...rest] = call.operands;
  if (operand === undefined || rest.length > 0)
    fail('USAGE', 'dsmb disk ls needs one disk and at most one path', { hint: ls.examples[0]![0] });
  using opened = await openOperand(call, operand);
  const table = place === undefined ? readPartitions(opened.disk) : undefined;
  if (table) return print(call, table.partitions, formatPartitions);
  const entries = listed(opened.disk, place ?? '/', call.flag('recursive'));
  return print(call, entries, formatEntries);
}

function listed(disk: Parameters<typeof openDiskPath>[0], place: string, recursive: boolean): FileSystemEntry[] {
  const { fileSystem, path } = openDiskPath(disk, place);
  const found = fileSystem.find(path);
  if (found && found.type !== 'directory' && !isFolder(fileSystem, path)) return [found];
  if (!recursive) return fileSystem.list(path).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const prefix = namesIn(path).map((name) => `${name}/`);
  return [...fileSystem.walk(path)].map((entry) => ({
    ...entry,
    name: entry.path,
    path: `${prefix.join('')}${entry.path}`,
  }));
}

/** Symlinks that lead to one are followed. */
function isFolder(fileSystem: FileSystem, path: string): boolean {
  try {
    fileSystem.list(path);
    return true;
  } catch (error) {
    if (toDiagnostic(error).code === 'FILE_NOT_FOUND') return false;
    throw error;
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function print<T>(call: Call, items: readonly T[], format: (items: readonly T[]) => string): number {
  if (call.flag('json')) printJson(items);
  else printText(format(items));
  return EXIT.ok;
}

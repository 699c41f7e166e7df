/** `dsmb disk ls`: what is in a folder of a file system, without mounting it. */
import { readPartitions, type FileSystem, type FileSystemEntry, type OnDamage } from '../../disk/index.ts';
import { fail, toDiagnostic } from '../../model/diagnostic.ts';
import { formatEntries, formatPartitions } from '../../report/disk-entries.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { DISK, DISK_OPTIONS, openOperand } from './operand.ts';
import { openDiskPath } from './path.ts';
import { plural } from '../../report/format.ts';
import { printJson, printJsonItems, printText } from '../../report/print.ts';

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
    recursive: { type: 'boolean', short: 'r', help: 'list what is in the folders as well' },
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
  const damage: string[] = [];
  const entries = listed(opened.disk, place ?? '/', call.flag('recursive'), (path, error) =>
    damage.push(`/${path}: ${toDiagnostic(error).message}`),
  );
  if (call.flag('json')) printJsonItems(entries);
  else for (const some of batches(entries)) printText(formatEntries(some));
  if (damage.length > 0)
    fail('DISK_DAMAGED', `${operand}: ${plural(damage.length, 'place')} cannot be read`, {
      detail: damage.join('\n'),
    });
  return EXIT.ok;
}

function* listed(
  disk: Parameters<typeof openDiskPath>[0],
  place: string,
  recursive: boolean,
  damaged: OnDamage,
): Generator<FileSystemEntry & { readonly path?: string }> {
  const { fileSystem, path } = openDiskPath(disk, place);
  const found = fileSystem.find(path);
  if (found && found.type !== 'directory' && !isFolder(fileSystem, path)) return yield found;
  if (!recursive) return yield* fileSystem.list(path, damaged).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const prefix = namesIn(path).map((name) => `${name}/`);
  for (const entry of fileSystem.walk(path, damaged))
    yield { ...entry, name: entry.path, path: `${prefix.join('')}${entry.path}` };
}

/** So many are aligned with each other: nobody waits for the last one of a large disk. */
const BATCH = 1000;

function* batches<T>(items: Iterable<T>): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Symlinks that lead to one are followed. */
function isFolder(fileSystem: FileSystem, path: string): boolean {
  try {
    fileSystem.list(path, () => {});
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

/** `dsmb disk export`: a disk as one sparse image, or as a folder that can be checked. */
import { lstatSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '../../model/diagnostic.ts';
import { formatBytes } from '../../report/format.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { progressLine } from '../progress-line.ts';
import { exportFolder, replaceableFolder } from './export-folder.ts';
import { exportDevice, exportRaw, type ExportTask } from './export-raw.ts';
import { DISK, DISK_OPTIONS, openOperand } from './operand.ts';
import { noRoomLeft } from './room.ts';
import { printLine } from '../../report/print.ts';

export const exportDisk: Command = {
  name: 'disk export',
  summary: 'write a disk as a sparse image, or as a folder with checksums',
  usage: `${DISK} PATH [--format raw|folder] [--force]`,
  examples: [
    ['dsmb disk export //bootableDisk disk.raw', 'one image file that keeps its holes'],
    ['dsmb disk export //bootableDisk disk --format folder', 'the blocks, with SHA256SUMS, to copy elsewhere'],
    ['dsmb disk export //bootableDisk /dev/sdx --force', 'to a device of exactly this size; everything on it is lost'],
  ],
  options: {
    set: DISK_OPTIONS['set']!,
    workspace: DISK_OPTIONS['workspace']!,
    format: { type: 'string', value: 'FORMAT', values: ['raw', 'folder'], help: 'raw (default) or folder' },
    force: { type: 'boolean', short: 'f', help: 'replace what is there, or overwrite a device' },
  },
  run: runExport,
};

async function runExport(call: Call): Promise<number> {
  const [operand, path, ...rest] = call.operands;
  if (operand === undefined || path === undefined || path === '' || rest.length > 0)
    fail('USAGE', 'dsmb disk export needs a disk and a path', { hint: exportDisk.examples[0]![0] });
  const write = writer(call, path);
  using opened = await openOperand(call, operand);
  using progress = progressLine(`writing ${path}`);
  using interrupt = interruption();
  const to = resolve(path);
  await write({ opened, to, progress: progress.show, signal: interrupt.signal }).catch((error) =>
    noRoomLeft(to, error),
  );
  if (interrupt.signal.aborted) return EXIT.interrupted;
  printLine(`${operand} -> ${path} (${formatBytes(opened.disk.size)})`, process.stderr);
  return EXIT.ok;
}

type Writer = (task: ExportTask) => Promise<void>;

/** Looks at what is at the path before anything else is done. */
function writer(call: Call, path: string): Writer {
  const format = call.text('format') ?? 'raw';
  if (format !== 'raw' && format !== 'folder')
    fail('USAGE', `--format: '${format}' is not known`, { hint: '--format folder' });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there) return format === 'raw' ? exportRaw : exportFolder;
  const target = statSync(path, { throwIfNoEntry: false });
  const device = target?.isBlockDevice() === true;
  const onto = format === 'raw' && device;
  const replaceable = format === 'raw' ? there.isFile() : replaceableFolder(path);
  if (!onto && !replaceable) {
    const wanted = format === 'raw' ? 'plain file' : 'folder that holds a disk';
    fail('EXISTS', `${path} already exists and is not replaced: it is not a ${wanted}`, {
      hint: 'choose another path',
    });
  }
  if (!call.flag('force'))
    fail('EXISTS', `${path} already exists`, {
      hint: onto ? '--force overwrites the device: everything on it is lost' : '--force replaces it',
    });
  if (onto) return exportDevice;
  return format === 'raw' ? exportRaw : exportFolder;
}

/** Ctrl-C ends the work between two blocks, so that the unfinished file can be removed. */
function interruption(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.once(name, abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, abort);
    },
  };
}

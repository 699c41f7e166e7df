/** Changes in an ext2, ext3 or ext4, made by e2fsprogs in an image of what the file system keeps about its files. */
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileSource, type ByteSource } from 'dsmb/disk';
import { fail, run } from 'dsmb/step';
import type { Change } from './changes.ts';
import type { Late, Rights } from './wanted.ts';

/** Of inode modes. */
const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** The metadata of a file system at its own places, all else a hole: a few MiB, however large the file system is. */
export async function copyMetadata(raw: string, offset: number, image: string): Promise<void> {
  await run('e2image', ['-r', '-o', `${offset}`, raw, image]);
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** What debugfs repeats of its commands, and says of those that went well. */
const USUAL = /^(debugfs( \d|:)|Allocated inode:|$)/;
const NO_ROOM = /could not allocate|no free space|no space left/i;

/** Fails with FILE_SYSTEM_FULL where something has no room. `epoch`: what is now, in seconds since 1970. */
export async function changeExt(
  image: string,
  changes: readonly Change[],
  epoch: number,
  scratch: string,
): Promise<void> {
  const commands = join(scratch, 'commands');
  writeFileSync(
    commands,
    changes
      .flatMap(commandsOf)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const free = freeBytes(image);
  const env = { ...process.env, E2FSPROGS_FAKE_TIME: `${epoch}` };
  const options = { env, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES } as const;
  const { stdout, stderr, status } = spawnSync('debugfs', ['-w', '-f', commands, image], options);
  const trouble = `${stdout}\n${stderr}`.split('\n').filter((line) => !USUAL.test(line));
  const detail = trouble.slice(0, 20).join('\n');
  if (trouble.some((line) => NO_ROOM.test(line)))
    fail('FILE_SYSTEM_FULL', `not enough space: ${bytesOf(changes)} bytes are to be laid, and ${free} are free`, {
      detail,
      hint: 'take something away with `remove`, or make the file system larger where it is made',
    });
  if (status !== 0 || trouble.length > 0) fail('DISK_CHANGE', 'debugfs could not lay the files', { detail });
  await run('e2fsck', ['-f', '-n', image], { env: { E2FSPROGS_FAKE_TIME: `${epoch}` } });
}

function bytesOf(changes: readonly Change[]): number {
  return changes.reduce(
    (sum, change) =>
      sum + (change.type === 'lay' && change.late.type === 'file' ? statSync(change.late.source).size : 0),
    0,
  );
}

/** The superblock lies behind the first 1024 bytes; it has free blocks at 0x0c, and the power of two of their KiB at 0x18. */
const SUPERBLOCK = { at: 1024, free: 0x0c, blockSize: 0x18 } as const;

/** Bytes of a block of an ext file system. */
export function extBlockSize(source: ByteSource): number {
  return 1024 * 2 ** source.read(SUPERBLOCK.at + SUPERBLOCK.blockSize, 4).readUInt32LE(0);
}

function freeBytes(image: string): number {
  using source = fileSource(image);
  return source.read(SUPERBLOCK.at + SUPERBLOCK.free, 4).readUInt32LE(0) * extBlockSize(source);
}

function commandsOf(change: Change): string[] {
  switch (change.type) {
    case 'remove-file':
      return [`rm ${quoted(`/${change.path}`)}`];
    case 'remove-folder':
      return [`rmdir ${quoted(`/${change.path}`)}`];
    case 'rights':
      return rightsOf(change.path, change.of, change.rights);
    case 'lay':
      return layingsOf(change.late);
  }
}

/** debugfs takes names in the folder where it is. */
function layingsOf(late: Late): string[] {
  const name = quoted(basename(late.path));
  const here = `cd ${quoted(join('/', dirname(late.path)))}`;
  const { mode = 0, uid = 0, gid = 0 } = late;
  const rights = rightsOf(late.path, late.type, { mode, uid, gid });
  switch (late.type) {
    case 'directory':
      return [here, `mkdir ${name}`, ...rights];
    case 'symlink':
      return [here, `symlink ${name} ${quoted(late.target)}`, ...rights];
    case 'file':
      return [here, `write ${quoted(late.source)} ${name}`, ...rights];
  }
}

/** The type of a file is in its mode. */
function rightsOf(path: string, type: Late['type'], { mode, uid, gid }: Rights): string[] {
  const set = (field: string, value: string): string => `sif ${quoted(`/${path}`)} ${field} ${value}`;
  return [
    ...(mode === undefined ? [] : [set('mode', `0${(TYPE_BITS[type] | mode).toString(8)}`)]),
    ...(uid === undefined ? [] : [set('uid', `${uid}`)]),
    ...(gid === undefined ? [] : [set('gid', `${gid}`)]),
  ];
}

/** As ss, the reader of debugfs's commands, has it: a quote in quotes is written twice. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

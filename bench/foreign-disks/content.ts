/** What is in a file system: as this project reads it, and as debugfs and mtools do. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileSource, openFileSystem } from '../../src/disk/index.ts';

/** Digests of files and `folder` by path; where it is not compared, a file's size. */
export type Content = ReadonlyMap<string, string>;

/** Of larger files, and of more, the size is compared. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_FILES = 1000;
/** e2fsck does not come to an end with each image of its tests. */
const MOST_MS = 10_000;

/** Whether the tools that check such a file system find nothing wrong. */
export function isClean(kind: 'ext' | 'FAT', file: string): boolean {
  const [program, ...args] = kind === 'ext' ? ['e2fsck', '-f', '-n', file] : ['fsck.fat', '-n', file];
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  return spawnSync(program!, args, { stdio: 'ignore', env, timeout: MOST_MS }).status === 0;
}

/** By this project; throws what it refuses. */
export function contentByUs(file: string): Content {
  using source = fileSource(file);
  const files = openFileSystem(source, 'it');
  const content = new Map<string, string>();
  let read = 0;
  for (const { path, type, size } of files.walk()) {
    if (type === 'file')
      content.set(path, size > MOST_BYTES || read++ >= MOST_FILES ? `${size}` : digest(files.file(path).read(0, size)));
    else content.set(path, type === 'directory' ? 'folder' : type);
  }
  return content;
}

/** By mcopy, or by debugfs for the same files and the names in the same folders; or why they do not tell. */
export function contentByTools(
  kind: 'ext' | 'FAT',
  file: string,
  ours: Content,
  scratch: string,
): Content | { readonly problem: string } {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  try {
    return kind === 'FAT' ? byMcopy(file, scratch) : byDebugfs(file, ours, scratch);
  } catch (error) {
    return { problem: String(error) };
  }
}

function byMcopy(file: string, scratch: string): Content {
  const env = { ...process.env, MTOOLS_SKIP_CHECK: '1', LC_ALL: 'C.UTF-8' };
  const { error, status } = spawnSync('mcopy', ['-s', '-n', '-Q', '-i', file, '::/', scratch], {
    env,
    stdio: 'ignore',
  });
  if (error || status !== 0) throw error ?? new Error(`mcopy ended with ${status}`);
  const content = new Map<string, string>();
  for (const entry of readdirSync(scratch, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    content.set(path.slice(scratch.length + 1), entry.isDirectory() ? 'folder' : digest(readFileSync(path)));
  }
  return content;
}

const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;
const REGULAR = 0o100000;

function byDebugfs(file: string, ours: Content, scratch: string): Content {
  const folders = ['', ...[...ours].filter(([, what]) => what === 'folder').map(([path]) => path)];
  const digested = [...ours].filter(([, what]) => /^[0-9a-f]{64}$/.test(what)).map(([path]) => path);
  const files = new Map(digested.map((path, index) => [path, join(scratch, `f${index}`)]));
  const commands = join(scratch, 'commands');
  writeFileSync(
    commands,
    [
      ...folders.map((path) => `ls -p ${quoted(`/${path}`)}\n`),
      ...[...files].map(([path, to]) => `dump ${quoted(`/${path}`)} ${to}\n`),
    ].join(''),
    'utf8',
  );
  const said = execFileSync('debugfs', ['-c', '-f', commands, file], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: 'pipe',
  });
  const content = new Map<string, string>();
  let folder = -1;
  for (const line of said.split('\n')) {
    if (line.startsWith('debugfs: ls ')) folder++;
    const [, mode = '', name = '', size = ''] = /^\/[1-9]\d*\/(\d+)\/\d+\/\d+\/(.*)\/(\d*)\/$/.exec(line) ?? [];
    if (name === '' || name === '.' || name === '..') continue;
    const path = `${folders[folder] === '' ? '' : `${folders[folder]}/`}${name}`;
    const type = Number.parseInt(mode, 8) & 0o170000;
    const to = files.get(path);
    if (type === DIRECTORY) content.set(path, 'folder');
    else if (type === SYMLINK) content.set(path, 'symlink');
    else if (type !== REGULAR) content.set(path, 'special');
    else content.set(path, to === undefined ? size : dumped(to, Number(size)));
  }
  return content;
}

/** debugfs makes no file of one that it cannot read, and one of at least 60 bytes where the content is in the inode. */
function dumped(file: string, size: number): string {
  return existsSync(file) ? digest(readFileSync(file).subarray(0, size)) : 'not dumped';
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The first path that differs; undefined where none does. */
export function difference(ours: Content, theirs: Content): string | undefined {
  for (const path of new Set([...theirs.keys(), ...ours.keys()])) {
    const [one, other] = [ours.get(path) ?? 'not there', theirs.get(path) ?? 'not there'];
    if (one !== other) return `${JSON.stringify(path)}: ${one.slice(0, 12)} here, ${other.slice(0, 12)} there`;
  }
  return undefined;
}

/** Files that options name: opened at once, written later, whatever they are. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReportFile } from './report-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-report-'));
  path = join(folder, 'report');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (name = path): Promise<ReportFile> => ReportFile.open('profile', name);
const LINES = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'.'.repeat(50)}\n`);

describe('opening', () => {
  it.each([
    ['a folder', () => folder, 'it is a folder'],
    ['a name that ends as that of a folder', () => `${path}/`, 'that names no file'],
    ['no name', () => '', 'that names no file'],
    ['a path below a file', () => (writeFileSync(path, ''), join(path, 'x')), 'a part of its path is not a folder'],
    ['a folder that cannot be made', () => '/proc/none/x', 'there is no such folder, and none can be made'],
    ['a circle of links', () => (symlinkSync(path, path), path), 'its symbolic links lead in a circle'],
    ['a name that is too long', () => join(folder, 'x'.repeat(300)), 'the name is too long'],
  ])('%s is refused with its option and its path', async (_what, make, reason) => {
    const name = make();
    const shown = name === '' ? "''" : name;
    await expect(open(name)).rejects.toMatchObject({
      diagnostic: { code: 'UNWRITABLE_FILE', message: `--profile ${shown} cannot be written: ${reason}` },
    });
  });

  it('a socket is refused', async () => {
    const server = createServer().listen(path);
    await once(server, 'listening');
    await expect(open()).rejects.toThrow(/it is a socket/);
    server.close();
  });

  it('leaves what is there as it is, and nothing where nothing was', async () => {
    writeFileSync(path, 'of an earlier build\n');
    await open();
    await open(join(folder, 'new', 'report'));
    expect(readFileSync(path, 'utf8')).toBe('of an earlier build\n');
    expect(readdirSync(join(folder, 'new'))).toEqual([]);
  });
});

describe.each([
  ['replaced', (file: ReportFile, lines: readonly string[]) => file.replace(lines.join(''))],
  ['written in pieces', (file: ReportFile, lines: readonly string[]) => lines.forEach((line) => file.write(line))],
])('a file that is %s', (_how, write) => {
  it('has all of it, and nothing of what was there', async () => {
    writeFileSync(path, 'x'.repeat(1_000_000));
    const file = await open();
    write(file, LINES);
    expect(await file.close()).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(LINES.join(''));
    expect(readdirSync(folder)).toEqual(['report']);
  });

  it('may lie behind a symbolic link, also one to nothing', async () => {
    const target = join(folder, 'target');
    symlinkSync(target, path);
    for (const lines of [LINES, LINES.slice(1)]) {
      const file = await open();
      write(file, lines);
      expect(await file.close()).toBeUndefined();
      expect(readFileSync(target, 'utf8')).toBe(lines.join(''));
    }
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it('may be a named pipe whose reader comes later', async () => {
    execFileSync('mkfifo', [path]);
    const opening = open();
    const reader = spawn('cat', [path]);
    const read = text(reader.stdout);
    const file = await opening;
    write(file, LINES);
    expect(await file.close()).toBeUndefined();
    expect(await read).toBe(LINES.join(''));
  });

  it('whose reader goes away is given up, and says so', async () => {
    execFileSync('mkfifo', [path]);
    const opening = open();
    const reader = spawn('head', ['-n', '1', path], { stdio: 'ignore' });
    const file = await opening;
    file.write(LINES[0]!);
    await once(reader, 'exit');
    write(file, LINES);
    expect(await file.close()).toMatchObject({ readerLeft: true, diagnostic: { code: 'REPORT_INCOMPLETE' } });
  });

  it('on a full disk says so, and the device stays a device', async () => {
    const device = fullDevice();
    const file = await open(device);
    write(file, LINES);
    expect(await file.close()).toMatchObject({
      readerLeft: false,
      diagnostic: { code: 'REPORT_INCOMPLETE', message: `--profile ${device} is not complete: the disk is full` },
    });
    expect(statSync(device).isCharacterDevice()).toBe(true);
  });
});

it('a file that is replaced is the old one or the new one for its readers', async () => {
  writeFileSync(path, 'old');
  linkSync(path, join(folder, 'reader'));
  const file = await open();
  file.replace('new');
  expect(readFileSync(join(folder, 'reader'), 'utf8')).toBe('old');
  expect(readFileSync(path, 'utf8')).toBe('new');
});

it('a folder that goes away before the end is told', async () => {
  const gone = join(folder, 'gone', 'report');
  const file = await open(gone);
  rmSync(join(folder, 'gone'), { recursive: true });
  mkdirSync(join(folder, 'gone', 'report'), { recursive: true });
  file.replace('new');
  expect((await file.close())?.diagnostic.message).toBe(`--profile ${gone} is not complete: it is a folder`);
});

/** A disk that is full: a device of our own where one can be made, so that a mistake does not harm the machine's. */
function fullDevice(): string {
  const own = join(folder, 'full');
  try {
    execFileSync('mknod', [own, 'c', '1', '7'], { stdio: 'ignore' });
    writeFileSync(own, '');
    return own;
  } catch {
    return '/dev/full';
  }
}

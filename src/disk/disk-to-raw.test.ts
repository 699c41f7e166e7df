import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatChecksums } from './checksums.ts';
import { editDisk } from './editor.ts';
import { BLOCK_SIZE } from './format.ts';
import { filesOf, temporaryFolder } from './model.test-helper.ts';
import { diskToRaw } from './raw.ts';

const SCRIPT = fileURLToPath(new URL('../../tools/disk-to-raw', import.meta.url));
const MIB = BLOCK_SIZE;

/** The script of a language that a page shows behind a heading. */
function documented(page: string, heading: string, language: string): string {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const section = text.slice(text.indexOf(`## ${heading}`));
  return new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(section)?.[1] ?? '';
}

const firstLine = (path: string): string => readFileSync(path, 'utf8').replace(/\n[^]*/, '\n');

test('the script that the page of the format shows gives the same file', () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const disk = editDisk({ to: at('disk'), size: 257 * MIB + 1234 });
  for (const index of [0, 5, 256, 257]) disk.write(index * MIB + 7, Buffer.from(`block ${index}`));
  disk.finish();
  diskToRaw(at('disk'), at('expected'));
  const script = documented('disk-format.md', 'Reading one without dsmb', 'sh');
  expect(spawnSync('sh', ['-euc', script, 'sh', at('disk'), at('raw')]).status).toBe(0);
  expect(readFileSync(at('raw')).equals(readFileSync(at('expected')))).toBe(true);
});

test('the Python that the page of archives shows gives the blocks root', () => {
  using folder = temporaryFolder();
  const raw = join(folder.path, 'disk.raw');
  const content = Buffer.concat([Buffer.alloc(MIB, 'one'), Buffer.alloc(MIB), Buffer.from('three')]);
  writeFileSync(raw, content);
  const script = documented('archive-format.md', 'The manifest', 'python');
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
  const blocks = [0, 2].map((index) => `${index} ${sha256(content.subarray(index * MIB, (index + 1) * MIB))}\n`);
  const { stdout } = spawnSync('python3', ['-c', script, raw], { encoding: 'utf8' });
  expect(stdout).toBe(`${sha256(`dsmb-blocks/1 ${content.length}\n${blocks.join('')}`)}\n`);
});

describe.each([
  ['the shell of the machine', ['sh']],
  ['bash', ['bash', '--posix']],
  ['busybox', ['busybox', 'sh']],
])('tools/disk-to-raw in %s', (_what, [shell = '', ...args]) => {
  const assemble = (...operands: string[]) => spawnSync(shell, [...args, SCRIPT, ...operands], { encoding: 'utf8' });

  test('gives the same file as dsmb', () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    const disk = editDisk({ to: at('a disk'), size: 257 * MIB + 1234 });
    for (const index of [0, 5, 255, 256, 257]) disk.write(index * MIB + 7, Buffer.from(`block ${index}`));
    disk.finish();
    diskToRaw(at('a disk'), at('expected'));
    expect(assemble(at('a disk'), at('a file'))).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(at('a file')).equals(readFileSync(at('expected')))).toBe(true);
    expect(statSync(at('a file')).blocks * 512).toBeLessThanOrEqual(5 * MIB);
    expect(assemble(at('a disk'), at('a file'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is there already'),
    });
  });

  test('a disk of zeros, a damaged one, and a folder that is none', () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    editDisk({ to: at('zeros'), size: 3 * MIB }).finish();
    expect(assemble(at('zeros'), at('raw')).status).toBe(0);
    expect(readFileSync(at('raw')).equals(Buffer.alloc(3 * MIB))).toBe(true);
    const disk = editDisk({ to: at('disk'), size: 3 * MIB });
    disk.write(0, Buffer.from('data'));
    disk.finish();
    writeFileSync(at('disk/SHA256SUMS'), formatChecksums(filesOf(at('disk'))));
    rmSync(at('disk/blocks/0000/00'));
    expect(assemble(at('disk'), at('other'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is damaged'),
    });
    expect(existsSync(at('other'))).toBe(false);
    writeFileSync(at('disk/disk.json'), '{"format":"dsmb-disk/1","size":20');
    expect(assemble(at('disk'), at('other')).stderr).toMatch(/not the manifest/);
    expect(assemble(folder.path, at('other')).stderr).toMatch(/holds no disk/);
  });

  test.each<readonly [string, RegExp, (at: (name: string) => string) => void]>([
    ['a list that was cut', /does not list/, (at) => writeFileSync(at('SHA256SUMS'), firstLine(at('SHA256SUMS')))],
    [
      'a block that its list does not know',
      /does not list/,
      (at) => writeFileSync(at('blocks/0000/01'), Buffer.alloc(MIB)),
    ],
    ['a cut block', /has not 1048576 bytes/, (at) => truncateSync(at('blocks/0000/00'), 5)],
    ['a block behind the end', /behind the end/, (at) => writeFileSync(at('blocks/0000/09'), Buffer.alloc(MIB))],
    ['a link in the place of a block', /is not a file/, (at) => symlinkSync('00', at('blocks/0000/01'))],
    ['a name with a command in it', /is no name/, (at) => writeFileSync(at('blocks/0000/0$(touch PWNED)'), 'x')],
    [
      'a name with an expression in it',
      /is no name/,
      (at) => writeFileSync(at('blocks/0000/size[$(touch PWNED)0]'), ''),
    ],
  ])('%s', (_what, message, damage) => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    const disk = editDisk({ to: at('disk'), size: 3 * MIB });
    for (const index of [0, 2]) disk.write(index * MIB, Buffer.from('data'));
    disk.finish();
    writeFileSync(at('disk/SHA256SUMS'), formatChecksums(filesOf(at('disk'))));
    damage((name) => at(`disk/${name}`));
    const { status, stderr } = spawnSync(shell, [...args, SCRIPT, 'disk', 'raw'], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    expect({ status, left: readdirSync(folder.path) }).toEqual({ status: 1, left: ['disk'] });
    expect(stderr).toMatch(message);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Failure } from '../model/diagnostic.ts';
import { debFile } from './packages.ts';
import { MemorySink, testPackage, type TestEntry } from './packages.test-helper.ts';
import type { Package } from './packages.ts';
import { unpackSet } from './unpack.ts';

let cache: string;
beforeAll(() => void (cache = mkdtempSync(join(tmpdir(), 'dsmb-unpack-'))));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const deb = (name: string, entries: TestEntry[], fields?: string, version?: string) =>
  testPackage(cache, name, entries, fields, version);

async function unpack(packages: Package[], asRoot = true): Promise<Record<string, string>> {
  const sink = new MemorySink();
  await unpackSet(packages, sink, { cache, asRoot });
  return sink.tree;
}

/** The diagnostic that unpacking ends with, as `CODE: message: detail`. */
async function problem(...packages: Package[]): Promise<string> {
  const error = await unpack(packages).catch((reason: unknown) => reason);
  if (!(error instanceof Failure)) throw new Error('no Failure', { cause: error });
  const { code, message, detail } = error.diagnostic;
  return [code, message, detail].join(': ');
}

describe('a toolchain', () => {
  test('keeps files, execute bits, links and empty folders; drops set-user-id', async () => {
    const one = await deb('one', [
      { name: './', type: 'directory' },
      { name: './usr/bin/', type: 'directory' },
      { name: './usr/bin/su', mode: 0o4755, text: 'su' },
      { name: './usr/bin/hard', type: 'link', linkname: './usr/bin/su' },
      { name: './usr/bin/soft', type: 'symlink', linkname: 'su' },
      { name: './var/empty/', type: 'directory' },
      { name: './etc/one.conf', mode: 0o600, text: 'x' },
    ]);
    expect(await unpack([one])).toEqual({
      'usr/bin': '/',
      'usr/bin/su': '* su',
      'usr/bin/hard': '* su',
      'usr/bin/soft': '-> su',
      'var/empty': '/',
      'etc/one.conf': 'x',
    });
  });

  test('has /bin, /sbin and /lib* in /usr', async () => {
    const one = await deb('merge', [
      { name: './bin/ls', mode: 0o755, text: 'ls' },
      { name: './usr/bin/ls', type: 'symlink', linkname: '/bin/ls' },
      { name: './lib64/ld.so', type: 'symlink', linkname: '/lib/x/ld.so' },
      { name: './lib/x/ld.so', text: 'ld' },
    ]);
    expect(await unpack([one])).toEqual({
      bin: '-> usr/bin',
      lib: '-> usr/lib',
      lib64: '-> usr/lib64',
      'usr/bin': '/',
      'usr/lib': '/',
      'usr/lib64': '/',
      'usr/bin/ls': '* ls',
      'usr/lib64/ld.so': '-> ../../lib/x/ld.so',
      'usr/lib/x/ld.so': 'ld',
    });
  });

  test('of a release that ships everything in /usr has the links that its programs count on', async () => {
    const libc = await deb('libc6', [
      { name: './usr/lib/x86_64-linux-gnu/ld.so', mode: 0o755, text: 'ld' },
      { name: './usr/lib64/ld.so', type: 'symlink', linkname: '../lib/x86_64-linux-gnu/ld.so' },
    ]);
    const dash = await deb('dash', [
      { name: './usr/bin/dash', mode: 0o755, text: 'dash' },
      { name: './usr/bin/loader', type: 'symlink', linkname: '/lib64/ld.so' },
    ]);
    expect(await unpack([dash, libc])).toMatchObject({ bin: '-> usr/bin', lib: '-> usr/lib', lib64: '-> usr/lib64' });
    expect(await unpack([dash, libc])).not.toHaveProperty('sbin');
    expect(await unpack([libc], false)).toMatchObject({ lib: '-> usr/lib', lib64: '-> usr/lib64' });
  });

  test('of a release before that gets no other links than it had', async () => {
    const libc = await deb('libc6-before', [{ name: './lib64/ld.so', mode: 0o755, text: 'ld' }]);
    const tool = await deb('tool-before', [{ name: './usr/sbin/tool', mode: 0o755, text: 'tool' }]);
    expect(await unpack([libc, tool])).toEqual({
      lib64: '-> usr/lib64',
      'usr/lib64': '/',
      'usr/lib64/ld.so': '* ld',
      'usr/sbin/tool': '* tool',
    });
  });

  test('may be mixed of both, and of a base system that has the links itself', async () => {
    const base = await deb('base-files', [
      ...['bin', 'lib', 'lib64', 'sbin'].map((name): TestEntry => ({
        ...{ name: `./${name}`, type: 'symlink', linkname: `usr/${name}` },
      })),
      { name: './usr/lib64/ld.so', text: 'ld' },
    ]);
    const older = await deb('older', [
      { name: './bin/', type: 'directory' },
      { name: './bin/one', mode: 0o755, text: '1' },
      { name: './lib/modules/m.ko', text: 'm' },
    ]);
    const newer = await deb('newer', [{ name: './usr/bin/two', mode: 0o755, text: '2' }]);
    const whole = {
      ...{ bin: '-> usr/bin', lib: '-> usr/lib', lib64: '-> usr/lib64', sbin: '-> usr/sbin' },
      ...{ 'usr/bin/one': '* 1', 'usr/bin/two': '* 2', 'usr/lib/modules/m.ko': 'm', 'usr/lib64/ld.so': 'ld' },
    };
    expect(await unpack([base, older, newer])).toMatchObject(whole);
    expect(await unpack([newer, older, base])).toMatchObject(whole);
  });

  test('leaves documentation out and links alternatives', async () => {
    const one = await deb('docs', [
      { name: './usr/share/doc/docs/copyright', text: 'c' },
      { name: './usr/share/locale/de/x.mo', text: 'm' },
      { name: './usr/bin/dash', mode: 0o755, text: 'dash' },
      { name: './usr/bin/mawk', mode: 0o755, text: 'mawk' },
    ]);
    expect(await unpack([one])).toEqual({
      'usr/bin/dash': '* dash',
      'usr/bin/mawk': '* mawk',
      'usr/bin/sh': '-> dash',
      'usr/bin/awk': '-> mawk',
    });
  });
});

test('packages alone keep everything', async () => {
  const entries: TestEntry[] = [
    { name: './bin/dash', mode: 0o755, text: 'dash' },
    { name: './usr/share/doc/copyright', text: 'c' },
  ];
  expect(await unpack([await deb('alone', entries)], false)).toEqual({
    bin: '-> usr/bin',
    'usr/bin': '/',
    'usr/bin/dash': '* dash',
    'usr/share/doc/copyright': 'c',
  });
});

describe('two packages with the same path', () => {
  const file = (text: string): TestEntry[] => [{ name: './etc/shared', text }];

  test('may have the same content', async () => {
    expect(await unpack([await deb('a', file('x')), await deb('b', file('x'))])).toEqual({ 'etc/shared': 'x' });
  });

  test('fail with the names of both', async () => {
    const said = await problem(await deb('a', file('x')), await deb('b', file('y')));
    expect(said).toMatch(/^PACKAGE_CONFLICT: \/etc\/shared is in b=1 and, with another content, in a=1/);
  });

  test('are one where /bin is a link into /usr, and are named with the paths of both', async () => {
    const older = await deb('older-tool', [{ name: './bin/tool', text: 'x' }], '', '1.0');
    const same = await deb('newer-tool', [{ name: './usr/bin/tool', text: 'x' }], '', '2.0');
    const other = await deb('other-tool', [{ name: './usr/bin/tool', text: 'y' }], '', '2.0');
    expect(await unpack([older, same])).toMatchObject({ 'usr/bin/tool': 'x' });
    for (const [one, two] of [
      [older, other],
      [other, older],
    ] as const)
      expect(await problem(one, two)).toMatch(
        /^PACKAGE_CONFLICT: \/usr\/bin\/tool is in (older-tool=1.0|other-tool=2.0) and, .* \(as \/(usr\/)?bin\/tool and \/(usr\/)?bin\/tool\)/,
      );
    const both = await deb('both', [
      { name: './bin/tool', text: 'x' },
      { name: './usr/bin/tool', text: 'y' },
    ]);
    expect(await problem(both)).toContain('is in both=1 and, with another content, in both=1 (as /usr/bin/tool');
  });

  test('are settled by Replaces, in either order', async () => {
    const winner = await deb('winner', file('new'), 'Replaces: other, loser (<< 2)\n');
    const loser = await deb('loser', file('old'));
    expect(await unpack([winner, loser])).toEqual({ 'etc/shared': 'new' });
    expect(await unpack([loser, winner])).toEqual({ 'etc/shared': 'new' });
  });

  test('may meet in a folder that is a link in one of them', async () => {
    const linked = await deb('linked', [
      { name: './usr/lib/real/', type: 'directory' },
      { name: './usr/share/link', type: 'symlink', linkname: '/usr/lib/real' },
    ]);
    const through = await deb('through', [{ name: './usr/share/link/file', text: 'f' }]);
    expect(await unpack([linked, through])).toMatchObject({ 'usr/lib/real/file': 'f' });
  });
});

describe('a hostile package', () => {
  test.each<[string, TestEntry]>([
    ['climbs out', { name: './usr/../../etc/passwd', text: 'x' }],
    ['climbs out by a hard link', { name: './x', type: 'link', linkname: '../../etc/passwd' }],
    ['links to what is not there', { name: './x', type: 'link', linkname: './nothing' }],
    ['has a device', { name: './dev/null', type: 'character-device', devmajor: 1, devminor: 3 }],
    ['has a pipe', { name: './run/pipe', type: 'fifo' }],
  ])('that %s is refused', async (name, entry) => {
    expect(await problem(await deb(`evil-${name.replaceAll(' ', '-')}`, [entry]))).toMatch(/^BAD_PACKAGE/);
  });

  test('cannot write outside through a symbolic link', async () => {
    const evil = await deb('evil-link', [
      { name: './out', type: 'symlink', linkname: '../../../../tmp' },
      { name: './out/file', text: 'x' },
      { name: './absolute', type: 'symlink', linkname: '/etc/../../shadow' },
    ]);
    expect(await unpack([evil])).toEqual({ out: '-> tmp', 'tmp/file': 'x', absolute: '-> shadow' });
  });

  test('cannot send us round in circles', async () => {
    const evil = await deb('evil-loop', [
      { name: './a', type: 'symlink', linkname: 'b' },
      { name: './b', type: 'symlink', linkname: 'a' },
      { name: './a/file', text: 'x' },
    ]);
    expect(await problem(evil)).toMatch(/too many symbolic links/);
  });

  test('that is not a package, or ends early, is named', async () => {
    const broken = await deb('broken', [{ name: './f', text: 'x'.repeat(5000) }]);
    writeFileSync(debFile(cache, broken), 'not a package');
    expect(await problem(broken)).toMatch(/^BAD_PACKAGE: the package broken cannot be unpacked/);
  });
});

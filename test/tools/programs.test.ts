/** The programs that tests call come from the toolchains, and start without anything of the machine but a shell. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { PROGRAMS } from './programs.ts';

const names = Object.values(PROGRAMS).flatMap((programs) => programs.map(({ name }) => name));

test.each(names)('%s starts', (name) => {
  // The help of fish is a page for `man`, which is not here.
  const { status, error, stderr } = spawnSync(name, [name === 'fish' ? '--version' : '--help'], {
    encoding: 'utf8',
    env: { PATH: inject('commands') },
  });
  expect(error).toBeUndefined();
  // 126 and 127: it could not be started, or lacks a library.
  expect(status).toBeLessThan(126);
  expect(stderr).not.toMatch(/shared librar|No such file/);
});

test('the first folder of the PATH holds exactly these', () => {
  const [first = ''] = (process.env['PATH'] ?? '').split(':');
  expect(first).toBe(inject('commands'));
  expect(readdirSync(first).toSorted()).toEqual(names.toSorted());
});

test('Python finds its modules, QEMU its firmware', () => {
  expect(spawnSync('python3', ['-c', 'import lzma, tarfile, zlib']).status).toBe(0);
  const roms = spawnSync('qemu-system-x86_64', ['-L', 'help'], { encoding: 'utf8' }).stdout.split('\n');
  expect(roms[0]).toBe(join(inject('toolchains')['vm'] ?? '', 'usr/share/qemu'));
});

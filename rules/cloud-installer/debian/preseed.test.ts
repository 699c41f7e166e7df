import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { preseedText } from './preseed.ts';

const DIGEST = 'd'.repeat(64);
const FACTS = {
  busybox: `busybox-${DIGEST}`,
  system: `system-${DIGEST}`,
  manifest: 'e'.repeat(64),
  kernel: '6.1.0-50-amd64',
};
const BY_HAND = preseedText(FACTS);
const IN_INITRD = readFileSync(new URL('preseed.cfg', import.meta.url), 'utf8');

/** The answers as debconf reads them: comments gone, continued lines joined. */
function answers(preseed: string): string[] {
  const lines = preseed.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  return lines.split('\n').filter((line) => line !== '');
}

const command = (preseed: string): string => answers(preseed)[0]!.replace(/^.*? string /, '');

it.each([
  ['in the initrd', IN_INITRD],
  ['by hand', BY_HAND],
])('%s, the one answer is an early command, which a shell can read', (_which, preseed) => {
  expect(answers(preseed).map((line) => line.split(' ', 3))).toEqual([['d-i', 'preseed/early_command', 'string']]);
  execFileSync('sh', ['-n', '-c', command(preseed)]);
});

it('by hand, both files are compared with their digests before anything of them runs', () => {
  const [, fetched = '', used = ''] = /fetch\(\) (.*?); fetch .*? && fetch .*? && (.*)$/.exec(command(BY_HAND)) ?? [];
  expect(fetched).toBe('{ wget -q -O "$1" "$from/$1" && sha256sum "$1" | grep -q "^${1#*-} "; }');
  expect(used).toMatch(/^chmod .*cpio .*chroot /);
  expect(BY_HAND).toContain(`dsmb.url=$from dsmb.manifest=${'e'.repeat(64)}`);
});

it('by hand, another kernel than the one of the drivers ends the command before it does anything', () => {
  const traced = `set -x; ${command(preseedText({ ...FACTS, kernel: 'of-nobody' }))}`;
  const { status, stderr } = spawnSync('sh', ['-c', traced], { encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).not.toMatch(/from=|wget|chroot/);
});

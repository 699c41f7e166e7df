/** Paths of the sandbox on the machine itself. */
import { expect, it } from 'vitest';
import { translate } from './unsandboxed.ts';

const FOLDERS = { in: '/s/in', out: '/s/out7', tmp: '/s/tmp', dsmb: '/s/dsmb' };

it.each([
  ['/in/source', '/s/in/source'],
  ['/out', '/s/out7'],
  ['--to=/out/file', '--to=/s/out7/file'],
  ['cat /in/0 >/out/file; ls "/tmp"', 'cat /s/in/0 >/s/out7/file; ls "/s/tmp"'],
  ['/in/a:/in/b', '/s/in/a:/s/in/b'],
])('%s is translated', (text, expected) => expect(translate(text, FOLDERS)).toBe(expected));

it.each(['/usr/in/x', './out/x', '/input', '/out.txt', '/tmp-x', '~/tmp/x', 'a/in', '../tmp/x', 'in/x'])(
  '%s is another path',
  (text) => expect(translate(text, FOLDERS)).toBe(text),
);

/** Paths of the sandbox on the machine itself. */
import { expect, it } from 'vitest';
import { translate } from './unsandboxed.ts';

it.each([
  ['/in/source', '/s/in/source'],
  ['/out', '/s/out'],
  ['--to=/out/file', '--to=/s/out/file'],
  ['cat /in/0 >/out/file; ls "/tmp"', 'cat /s/in/0 >/s/out/file; ls "/s/tmp"'],
  ['/in/a:/in/b', '/s/in/a:/s/in/b'],
])('%s is translated', (text, expected) => expect(translate(text, '/s')).toBe(expected));

it.each(['/usr/in/x', './out/x', '/input', '/out.txt', '/tmp-x', '~/tmp/x', 'a/in', '../tmp/x', 'in/x'])(
  '%s is another path',
  (text) => expect(translate(text, '/s')).toBe(text),
);

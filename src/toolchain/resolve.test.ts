import { expect, test } from 'vitest';
import { parseStanzas, parseUriLine } from './resolve.ts';

test('the lines of --print-uris give name and version, with or without a hash', () => {
  const line = (file: string, hash: string) => `'http://mirror/debian/pool/x.deb' ${file} 22164 ${hash}`;
  expect(parseUriLine(line('libattr1_1%3a2.5.1-4_amd64.deb', 'MD5Sum:52'))).toBe('libattr1=1:2.5.1-4');
  expect(parseUriLine(line('libpcre2-8-0_10.42-1+deb12u2_all.deb', ''))).toBe('libpcre2-8-0=10.42-1+deb12u2');
  expect(parseUriLine('Reading package lists...')).toBeUndefined();
});

const STANZA = `Package: dash
Version: 0.5.12-2
Architecture: amd64
Description: POSIX shell
 Package: not a field
Filename: pool/main/d/dash/dash_0.5.12-2_amd64.deb
Size: 91848
SHA256: ${'a'.repeat(64)}
`;

test('stanzas give packages; the first of two equal versions wins', () => {
  expect(parseStanzas(`${STANZA}\n${STANZA.replace('pool/main', 'pool/other')}\n`)).toEqual([
    {
      name: 'dash',
      version: '0.5.12-2',
      architecture: 'amd64',
      filename: 'pool/main/d/dash/dash_0.5.12-2_amd64.deb',
      size: 91848,
      sha256: 'a'.repeat(64),
    },
  ]);
});

test('a package without a SHA-256 is not accepted', () => {
  expect(() => parseStanzas(STANZA.replace(/SHA256.*\n/, ''))).toThrow(/no size, file name or SHA-256 for dash/);
});

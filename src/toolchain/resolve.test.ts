import { expect, test } from 'vitest';
import { parseProviders, parseStanzas, parseUriLine } from './resolve.ts';

test('the lines of --print-uris give name and version, with or without a hash', () => {
  const line = (file: string, hash: string) => `'http://mirror/debian/pool/x.deb' ${file} 22164 ${hash}`;
  expect(parseUriLine(line('libattr1_1%3a2.5.1-4_amd64.deb', 'MD5Sum:52'))).toBe('libattr1=1:2.5.1-4');
  expect(parseUriLine(line('libpcre2-8-0_10.42-1+deb12u2_all.deb', ''))).toBe('libpcre2-8-0=10.42-1+deb12u2');
  expect(parseUriLine('Reading package lists...')).toBeUndefined();
});

const STANZA = `Package: dash
Version: 0.5.12-2
Architecture: amd64
Depends: debianutils (>= 2.15),
 dpkg (>= 1.19)
Essential: yes
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
      control: { Essential: 'yes', Depends: 'debianutils (>= 2.15), dpkg (>= 1.19)' },
    },
  ]);
});

test('a package without a SHA-256 is not accepted', () => {
  expect(() => parseStanzas(STANZA.replace(/SHA256.*\n/, ''))).toThrow(/no size, file name or SHA-256 for dash/);
});

test('who provides a name is read from what showpkg prints', () => {
  const text = `Package: libssl3
Versions: 

Reverse Depends: 
  rhash,libssl3
Dependencies: 
Provides: 
Reverse Provides: 
libssl3t64 3.5.7-1 (= 3.5.7-1)
libssl3t64 3.5.9-1 (= 3.5.9-1)
Package: awk
Versions: 

Reverse Provides: 
mawk 1.3.4 (= )
gawk 1:5.2.1-2 (= )
Package: dash
Versions: 
0.5.12-2 (/lists/Packages)

Reverse Provides: 
`;
  expect([...parseProviders(text)]).toEqual([
    ['libssl3', ['libssl3t64']],
    ['awk', ['gawk', 'mawk']],
  ]);
  expect([...parseProviders('')]).toEqual([]);
});

/** Who may read the page of a build. */
import { describe, expect, test } from 'vitest';
import { CONTENT_SECURITY_POLICY, hasToken, isOwnPage, makeToken } from './access.ts';

const PORT = 41_234;

describe('the page', () => {
  test.each(['127.0.0.1:41234', 'localhost:41234'])('is at %s', (host) => {
    expect(isOwnPage({ host }, PORT)).toBe(true);
    expect(isOwnPage({ host, origin: `http://${host}` }, PORT)).toBe(true);
  });

  test.each(['127.0.0.1', 'localhost'])('is at %s where its port is the one of http', (host) => {
    expect(isOwnPage({ host, origin: `http://${host}` }, 80)).toBe(true);
    expect(isOwnPage({ host: `${host}:80` }, 80)).toBe(true);
    expect(isOwnPage({ host, origin: 'http://evil.example' }, 80)).toBe(false);
  });

  test.each([
    [undefined, 'no name'],
    ['evil.example:41234', 'a name that leads here'],
    ['127.0.0.1', 'another port'],
    ['127.0.0.1:41235', 'another port'],
    ['127.0.0.1:41234.evil.example', 'a name that begins like it'],
    ['[::1]:41234', 'another address'],
  ])('is not at %s: %s', (host, _why) => {
    expect(isOwnPage(host === undefined ? {} : { host }, PORT)).toBe(false);
  });

  test.each(['http://evil.example', 'null', 'https://127.0.0.1:41234', 'http://localhost:41234', 'http://127.0.0.1:1'])(
    'is not asked by a page of %s',
    (origin) => {
      expect(isOwnPage({ host: '127.0.0.1:41234', origin }, PORT)).toBe(false);
    },
  );
});

describe('a token', () => {
  const token = makeToken();

  test('is long, of letters that addresses leave as they are, and another one each time', () => {
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(makeToken()).not.toBe(token);
  });

  test('is asked for, whole', () => {
    expect(hasToken({ authorization: `Bearer ${token}` }, token)).toBe(true);
    for (const authorization of ['', 'Bearer', `Bearer ${token.slice(1)}`, `Bearer ${token} `, token])
      expect(hasToken({ authorization }, token), `of ${authorization}`).toBe(false);
    expect(hasToken({}, token)).toBe(false);
  });

  test('is not enough for what a browser says to come from another site', () => {
    const authorization = `Bearer ${token}`;
    expect(hasToken({ authorization, 'sec-fetch-site': 'same-origin' }, token)).toBe(true);
    for (const site of ['cross-site', 'same-site', 'none'])
      expect(hasToken({ authorization, 'sec-fetch-site': site }, token), `of ${site}`).toBe(false);
  });
});

test('the policy lets nothing in but what the server itself gives, and nothing that is written into the page', () => {
  const directives = new Map(
    CONTENT_SECURITY_POLICY.split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values] as const;
    }),
  );
  expect(directives.get('default-src')).toEqual(["'none'"]);
  const sources = [...directives].filter(([name]) => name.endsWith('-src')).flatMap(([, values]) => values);
  expect(new Set(sources)).toEqual(new Set(["'none'", "'self'", 'blob:']));
  expect(directives.get('frame-ancestors')).toEqual(["'none'"]);
  expect(directives.get('require-trusted-types-for')).toEqual(["'script'"]);
});

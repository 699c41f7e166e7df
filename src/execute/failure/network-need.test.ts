/** What is told of an action that tried the network. */
import { describe, expect, it } from 'vitest';
import { networkHint } from './network-need.ts';

describe('an action that tried the network is told that it has none', () => {
  it.each([
    'the step threw: fetch failed',
    'TypeError: fetch failed\n    at node:internal/deps/undici/undici:1:2',
    'getaddrinfo EAI_AGAIN files.example.org',
    'connect ENETUNREACH 93.184.216.34:443 - Local (0.0.0.0:0)',
    'curl: (6) Could not resolve host: files.example.org',
    'wget: unable to resolve host address ‘files.example.org’',
    "wget: bad address 'files.example.org'",
    'fatal: unable to access: Could not resolve host: github.com',
    'ssh: Could not resolve hostname host: Temporary failure in name resolution',
    'ping: connect: Network is unreachable',
    'socket.gaierror: [Errno -2] Name or service not known',
    "Temporary failure resolving 'files.example.org'",
  ])('%s', (said) => expect(networkHint(`first\n${said}\nlast`)).toMatch(/^an action has no network: .*file\('…'\)/));
});

describe('an action that failed otherwise is not', () => {
  it.each(['', 'git fetch: failed', 'cat: x: No such file or directory', 'connect ECONNREFUSED 127.0.0.1:80'])(
    '%j',
    (said) => expect(networkHint(said)).toBeUndefined(),
  );
});

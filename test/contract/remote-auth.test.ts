/** Who may read and write a remote cache is for its server to say, by credentials. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { parseAddress } from '../../cache/remote/address.ts';
import { Connection } from '../../cache/remote/connection.ts';
import { RemoteCache } from '../../cache/remote/remote-cache.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { identityFor } from '../../src/cli/credentials.ts';
import type { Package } from '../../src/toolchain/index.ts';
import { unpackedSet } from '../../src/plan/unpacked-set.ts';
import { BazelRemote, whyNoServer } from '../rig/bazel-remote.ts';

const skipped = await whyNoServer();
if (skipped) console.warn(`skipped: ${skipped}`);

const SECRET = 'not to be seen';
let folder: string;
let server: BazelRemote;

beforeAll(async () => {
  if (skipped) return;
  folder = mkdtempSync(join(tmpdir(), 'dsmb-auth-'));
  const passwords = join(folder, 'passwords');
  writeFileSync(passwords, `main:{SHA}${createHash('sha1').update(SECRET).digest('base64')}\n`);
  server = await BazelRemote.start(['--htpasswd_file', passwords, '--allow_unauthenticated_reads']);
});
afterAll(() => {
  server?.[Symbol.dispose]();
  if (folder) rmSync(folder, { recursive: true });
});

let stores = 0;

/** A machine with these credentials. */
function machine(credentials: unknown, reads = server.address, writes = reads) {
  const store = new Store(join(folder, `store-${stores++}`));
  const connect = (text: string): Connection => {
    const address = parseAddress(text, 'here');
    return new Connection(address, identityFor(address, { [address.host]: credentials }));
  };
  const warnings: string[] = [];
  const open = (): RemoteCache => {
    const reading = connect(reads);
    const places = { reads: reading, writes: writes === reads ? reading : connect(writes) };
    const warn = (message: string): void => void warnings.push(message);
    const { signal } = new AbortController();
    return new RemoteCache(store, { ...places, timeoutMs: 20_000, signal, warn });
  };
  /** Sends a folder with a text as the result of an action. */
  const send = async (name: string, text: string): Promise<number> => {
    using remote = open();
    const tree = store.trees.build([['file', captureBytes(store.cas, Buffer.from(text))]]);
    const outputs = new Map<string, Node>([['out/packages', tree]]);
    for (const one of [name, `${name} as well`])
      remote.offer(keyOf(one), { outputs, log: undefined, startedAt: 0, durationMs: 0, worker: '' });
    return (await remote.finish(() => Promise.resolve())).sent;
  };
  const read = async (name: string): Promise<string | undefined> => {
    using remote = open();
    const result = await remote.result(keyOf(name));
    const tree = result?.outputs.get('out/packages');
    if (!tree) return undefined;
    await remote.bring([tree]);
    const file = store.trees.lookup(tree, 'file');
    return file?.type === 'file' ? store.cas.read(file.digest).toString() : undefined;
  };
  return { store, warnings, send, read };
}

const keyOf = (name: string) => unpackedSet(true, [{ sha256: name } as Package]);

describe.skipIf(skipped)('with credentials', () => {
  it.each<[string, () => unknown]>([
    ['a password in the settings', () => ({ basic: `main:${SECRET}` })],
    ['a password in a file', () => ({ basic: { file: written('password', `main:${SECRET}\n`) } })],
    ['a header of a helper', () => ({ helper: written('helper', helper(`main:${SECRET}`), 0o755) })],
  ])('results are written: %s', async (name, credentials) => {
    const { send, store, warnings } = machine(credentials());
    expect([await send(name, 'of main'), warnings]).toEqual([2, []]);
    for (const file of readdirSync(store.root, { recursive: true, encoding: 'utf8' }))
      expect(textOf(join(store.root, file))).not.toContain(SECRET);
  });

  it('a helper is asked again when the server refuses what it gave', async () => {
    const counting = `#!/bin/sh\ncat >/dev/null\nif [ -e ${folder}/asked ]; then password='main:${SECRET}'; else password=main:old; fi
      : >${folder}/asked\nprintf '{"headers":{"Authorization":["Basic %s"]}}' "$(printf %s "$password" | base64)"\n`;
    const { send, warnings } = machine({ helper: written('renewing', counting, 0o755) });
    expect([await send('renewed', 'of main'), warnings]).toEqual([2, []]);
  });
});

describe.skipIf(skipped)('a helper', () => {
  /** Counts its calls by the lines of a file. */
  const counting = (name: string, answer: string): [credentials: unknown, calls: () => number] => {
    const log = join(folder, `${name}.log`);
    const text = `#!/bin/sh\ncat >/dev/null\necho call >>${log}\n${answer}\n`;
    return [{ helper: written(name, text, 0o755) }, () => readFileSync(log, 'utf8').split('\n').length - 1];
  };
  const basic = `Basic ${Buffer.from(`main:${SECRET}`).toString('base64')}`;

  it('that does not work is asked once, and makes no build fail', async () => {
    const [credentials, calls] = counting('failing', 'exit 1');
    const { send, warnings } = machine(credentials);
    expect([await send('failing', 'of main'), calls()]).toEqual([0, 1]);
    expect(warnings).toEqual([
      expect.stringMatching(/the helper does not work.*goes on without writing/),
      expect.stringContaining('not sent'),
    ]);
  });

  it('whose headers live for a short time is not asked for each call', async () => {
    const expires = new Date(Date.now() + 20_000).toISOString();
    const answer = JSON.stringify({ headers: { Authorization: [basic] }, expires });
    const [credentials, calls] = counting('short', `echo '${answer}'`);
    expect([await machine(credentials).send('short', 'of main'), calls()]).toEqual([2, 1]);
  });

  it.each([
    ['a line end in a header', JSON.stringify({ headers: { Authorization: [`${SECRET}\n`] } })],
    ['no list of values', JSON.stringify({ headers: { Authorization: SECRET } })],
    ['no time', JSON.stringify({ headers: { Authorization: [SECRET] }, expires: SECRET })],
    ['no JSON', SECRET],
  ])('that gives %s is no help, and what it gave is not told', async (name, answer) => {
    const { send, warnings } = machine({ helper: written(name, `#!/bin/sh\necho '${answer}'\n`, 0o755) });
    expect(await send(name, 'of main')).toBe(0);
    expect(warnings.join()).toContain('remote-credentials: the');
    expect(warnings.join()).not.toContain(SECRET);
  });

  it('is asked again when its headers expire while a large blob is sent', async () => {
    const headers = JSON.stringify({ headers: { Authorization: [basic] } });
    const old = JSON.stringify({ headers: { Authorization: ['Basic bWFpbjpvbGQ='] } });
    const first = join(folder, 'expired');
    const [credentials, calls] = counting(
      'expiring',
      `if [ -e ${first} ]; then echo '${headers}'; else : >${first}; echo '${old}'; fi`,
    );
    const { send, warnings, read } = machine(credentials);
    const large = 'x'.repeat(5 * 1024 * 1024);
    expect([await send('expiring', large), warnings, calls()]).toEqual([2, [], 2]);
    expect((await read('expiring'))?.length).toBe(large.length);
  });
});

describe.skipIf(skipped)('a pull request', () => {
  it.each<[string, unknown]>([
    ['without credentials', {}],
    ['with wrong ones', { basic: 'main:guessed' }],
    ['with a token of its own', { bearer: 'a token' }],
  ])('%s reads what main has written, and plants nothing', async (name, credentials) => {
    const main = machine({ basic: `main:${SECRET}` });
    await main.send(`known ${name}`, 'of main');
    const attacker = machine(credentials);
    expect(await attacker.send(`planted ${name}`, 'poison')).toBe(0);
    // Once for what was refused, however many results there were; and once for what was not sent.
    expect(attacker.warnings).toEqual([
      expect.stringMatching(/goes on without writing/),
      expect.stringMatching(/2 results were not sent/),
    ]);
    expect(attacker.warnings.join()).not.toMatch(/guessed|a token/);
    expect(await main.read(`planted ${name}`)).toBeUndefined();
    expect(await main.read(`known ${name}`)).toBe('of main');
  });

  it('that writes to a place of its own plants nothing that main reads', async () => {
    // bazel-remote heeds instances of results when it is told to.
    const own = await BazelRemote.start(['--enable_ac_key_instance_mangling']);
    try {
      const main = machine({}, own.address);
      const attacker = machine({}, own.address, `${own.address}/pull-requests`);
      expect(await attacker.send('own place', 'poison')).toBe(2);
      expect(await main.read('own place')).toBeUndefined();
      await main.send('own place', 'of main');
      expect(await attacker.read('own place')).toBe('of main');
    } finally {
      own[Symbol.dispose]();
    }
  });

  it('without credentials reads', async () => {
    await machine({ basic: `main:${SECRET}` }).send('open to all', 'of main');
    expect(await machine({}).read('open to all')).toBe('of main');
  });
});

const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? undefined : 'there is no openssl, which makes certificates';
if (noOpenssl) console.warn(`skipped: ${noOpenssl}`);

describe.skipIf(skipped ?? noOpenssl)('over TLS', () => {
  let secured: BazelRemote;
  const at = (name: string): string => join(folder, name);
  const openssl = (command: string) => execFileSync('openssl', command.split(' '), { cwd: folder, stdio: 'ignore' });
  const newKey = (name: string): string => `-newkey rsa:2048 -nodes -keyout ${name}.key -subj /CN=${name}`;
  /** A key, and a certificate of it by an authority. */
  const certify = (name: string, by: string): void => {
    openssl(`req ${newKey(name)} -out ${name}.csr`);
    writeFileSync(at(`${name}.ext`), 'subjectAltName=IP:127.0.0.1\n');
    const authority = `-CA ${by}.pem -CAkey ${by}.key -CAcreateserial`;
    openssl(`x509 -req -in ${name}.csr ${authority} -days 2 -extfile ${name}.ext -out ${name}.pem`);
  };
  const authority = (name: string) => openssl(`req -x509 ${newKey(name)} -out ${name}.pem -days 2`);

  beforeAll(async () => {
    for (const name of ['authority', 'stranger']) authority(name);
    certify('server', 'authority');
    certify('client', 'authority');
    certify('intruder', 'stranger');
    const files = [
      '--tls_cert_file',
      at('server.pem'),
      '--tls_key_file',
      at('server.key'),
      '--tls_ca_file',
      at('authority.pem'),
    ];
    secured = await BazelRemote.start(files);
  });
  afterAll(() => secured?.[Symbol.dispose]());

  const ca = (): string => at('authority.pem');
  const address = (): string => secured.address.replace('grpc:', 'grpcs:');

  it('a client with its certificate reads and writes', async () => {
    const own = machine({ ca: ca(), certificate: at('client.pem'), key: at('client.key') }, address());
    expect([await own.send('over tls', 'of main'), own.warnings, await own.read('over tls')]).toEqual([
      2,
      [],
      'of main',
    ]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['without one', () => ({ ca: ca() }), /goes on without/],
    [
      'with that of a stranger',
      () => ({ ca: ca(), certificate: at('intruder.pem'), key: at('intruder.key') }),
      /goes on without/,
    ],
    ['that does not know the server', () => ({}), /certificate|verify/],
  ])('a client %s neither reads nor writes', async (_what, credentials, said) => {
    const { send, warnings } = machine(credentials(), address());
    expect(await send('over tls', 'poison')).toBe(0);
    expect(warnings.join('\n')).toMatch(said);
  });
});

function written(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

function helper(password: string): string {
  const headers = { Authorization: [`Basic ${Buffer.from(password).toString('base64')}`] };
  return `#!/bin/sh\ngrep -q '"uri":"https://127.0.0.1' || exit 1\necho '${JSON.stringify({ headers })}'\n`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

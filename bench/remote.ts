/**
 * What a remote cache gives over a distance: large blobs, questions, and an archive of which little changes, through a proxy
 * with a round trip of so many milliseconds, `node bench/remote.ts [MS]`, 20 by default. The server is on loopback.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '../cache/remote/address.ts';
import { Connection } from '../cache/remote/connection.ts';
import { RemoteCache } from '../cache/remote/remote-cache.ts';
import { digestOf, EMPTY } from '../cache/cas.ts';
import { encodeAction, encodeCommand } from '../cache/reapi/messages.ts';
import { Store } from '../cache/store.ts';
import { EMPTY_DIRECTORY, type Node } from '../cache/tree.ts';
import { BazelRemote } from '../test/rig/bazel-remote.ts';
import { Distance } from '../test/rig/distance.ts';

const MIB = 1024 * 1024;
const LARGE = 4;
const LARGE_BYTES = 64 * MIB;
const QUESTIONS = 26;

const [roundTripMs = 20] = process.argv.slice(2).map(Number);
using server = await BazelRemote.start();
using proxy = await Distance.to(server.port, roundTripMs);

/** An action whose output is a folder, with a key of its own. */
function action(name: string) {
  const command = {
    argv: ['bench', name],
    env: {},
    outputs: [{ path: 'out/out', shape: 'folder' as const }],
    platform: {},
  };
  const encoded = encodeCommand(command);
  const about = { command: digestOf(encoded), inputRoot: EMPTY, timeoutMs: 0, platform: {}, salt: '' };
  const messages = [encoded, encodeAction(about)] as const;
  return {
    key: digestOf(messages[1]),
    messages,
    command,
    inputRoot: EMPTY_DIRECTORY,
    madeOf: () => new Map<string, Node>(),
  };
}

function newStore(): Store {
  return new Store(mkdtempSync(join(tmpdir(), 'dsmb-bench-')));
}

function open(store: Store): RemoteCache {
  const connection = new Connection(parseAddress(proxy.address, 'bench'));
  const { signal } = new AbortController();
  return new RemoteCache(store, {
    reads: connection,
    writes: connection,
    timeoutMs: 60_000,
    signal,
    warn: console.log,
  });
}

async function timed<T>(what: string, bytes: number, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const [ownBefore, serverBefore] = [process.cpuUsage(), server.cpuSeconds()];
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(ownBefore);
  const rate = bytes > 0 ? `, ${(bytes / MIB / seconds).toFixed(0)} MiB/s` : '';
  const cpu = `processor: ${((user + system) / 1e6).toFixed(2)} s here, ${(server.cpuSeconds() - serverBefore).toFixed(2)} s the server`;
  console.log(`${what}: ${seconds.toFixed(2)} s${rate} (${cpu}; load ${loadavg()[0]!.toFixed(1)})`);
  return result;
}

const bytes = LARGE * LARGE_BYTES;
const sync = (): Promise<void> => Promise.resolve();
const from = newStore();
const tree = from.trees.build(
  Array.from({ length: LARGE }, (_, index) => [
    `large${index}`,
    { type: 'file', digest: from.cas.put(randomBytes(LARGE_BYTES)), executable: false },
  ]),
);
/** Sends an output as the result of some actions. */
function write(output: Node, ...names: readonly string[]): Promise<unknown> {
  const outputs = new Map([['out/out', output]]);
  for (const name of names)
    writing.offer(action(name), { outputs, log: undefined, startedAt: 0, durationMs: 0, worker: '' });
  return writing.finish(sync);
}

using writing = open(from);
const names = Array.from({ length: QUESTIONS }, (_none, index) => `action ${index}`);
await timed(`writing ${LARGE} blobs of ${LARGE_BYTES / MIB} MiB`, bytes, () => write(tree, 'large'));
await timed(`writing ${QUESTIONS} results whose blobs are there`, 0, () => write(tree, ...names));
const to = newStore();
using reading = open(to);
await timed(`asking for ${QUESTIONS} results, one after the other`, 0, async () => {
  for (let index = 0; index < QUESTIONS; index++)
    if (!(await reading.result(action(`action ${index}`)))) throw new Error('a miss');
});
await timed('reading them', bytes, () => reading.bring([tree]));
const archive = randomBytes(LARGE_BYTES);
const file = (): Node => ({ type: 'file', digest: from.cas.put(archive), executable: false });
await timed(`writing an archive of ${LARGE_BYTES / MIB} MiB in parts`, LARGE_BYTES, () => write(file(), 'archive'));
randomBytes(MIB).copy(archive, 7 * MIB);
await timed('writing it again, of which 1 MiB differs', LARGE_BYTES, () => write(file(), 'another archive'));
for (const store of [from, to]) rmSync(store.root, { recursive: true });

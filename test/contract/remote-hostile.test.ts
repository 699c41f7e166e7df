/** Whatever a server answers, nothing wrong reaches the store, nobody waits for ever, and memory has an end. */
import { Code } from '@connectrpc/connect';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { digestOf } from '../../cache/cas.ts';
import { parseAddress } from '../../cache/remote/address.ts';
import { RemoteBlobs } from '../../cache/remote/blobs.ts';
import { Connection } from '../../cache/remote/connection.ts';
import { takerInto } from '../../cache/remote/receiver.ts';
import { RemoteCache } from '../../cache/remote/remote-cache.ts';
import { Compressor_Value } from '../../cache/reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { unpackedSet } from '../../src/plan/unpacked-set.ts';
import type { Package } from '../../src/toolchain/index.ts';
import { failing, HostileCache, type Answers } from '../rig/hostile-cache.ts';

const MIB = 1024 * 1024;
/** Short: what is waited for is not worth a test's time. */
const TIMEOUT_MS = 1500;
const LARGE = Buffer.alloc(5 * MIB, 'a large blob');
const SMALL = Buffer.alloc(2000, 'a small blob');

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'dsmb-hostile-'))));
afterAll(() => rmSync(folder, { recursive: true }));

let stores = 0;
const newStore = (): Store => new Store(join(folder, `store-${stores++}`));

/** Reads blobs from a server that answers like this. */
async function read(answers: Answers, blobs: readonly Buffer[]) {
  using server = await HostileCache.start(answers);
  using connection = new Connection(parseAddress(server.address, 'here'));
  const { signal } = new AbortController();
  const limits = { batchBytes: 3 * MIB, zstd: true, zstdBatches: true, joins: true };
  const remote = new RemoteBlobs(connection, limits, { timeoutMs: TIMEOUT_MS, signal });
  const { cas } = newStore();
  const of = blobs.map((bytes) => digestOf(bytes));
  const lost = await remote.read(
    of,
    takerInto(cas, () => {}),
  );
  return { lost: [...lost.values()], has: of.map((one) => cas.has(one)), server };
}

/** Gives a blob whatever is asked for, in pieces. */
function giving(bytes: Uint8Array, pieceBytes = MIB, pauseMs = 0): Answers {
  return {
    bytes: {
      read: async function* () {
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          if (pauseMs > 0) await sleep(pauseMs);
          yield { data: bytes.subarray(at, at + pieceBytes) };
        }
      },
    },
  };
}

describe('a blob is lost', () => {
  it('that comes as drops: less than some bytes in the time of a deadline are not progress', async () => {
    // Of what packs well, a few drops are much.
    const noise = randomBytes(LARGE.length);
    await expect(read(giving(zstdCompressSync(noise), 10, 100), [noise])).rejects.toThrow('no progress');
  });

  it('that is compressed and has no end', async () => {
    const { lost, has } = await read(giving(zstdCompressSync(Buffer.alloc(200 * MIB))), [LARGE]);
    expect([lost.length, has]).toEqual([1, [false]]);
  });

  it('that is not compressed and longer than it should be', async () => {
    const { lost, has } = await read(giving(Buffer.concat([LARGE, LARGE])), [LARGE]);
    expect([lost, has]).toEqual([[expect.stringContaining('longer than its digest')], [false]]);
  });

  it('that comes in a message without end', async () => {
    const { lost, has } = await read(giving(Buffer.alloc(40 * MIB), 40 * MIB), [LARGE]);
    expect([lost.length, has]).toEqual([1, [false]]);
  });

  it.each([Compressor_Value.ZSTD, Compressor_Value.IDENTITY, Compressor_Value.DEFLATE])(
    'that is another in a batch, compressor %s',
    async (compressor) => {
      const other = zstdCompressSync(Buffer.alloc(100 * MIB));
      const batchReadBlobs = ({ digests }: { digests: { hash: string; sizeBytes: bigint }[] }) => ({
        responses: digests.map((digest) => ({ digest, data: other, compressor })),
      });
      const { lost, has } = await read({ blobs: { batchReadBlobs } }, [SMALL, SMALL.subarray(1)]);
      expect([lost.length, has]).toEqual([2, [false, false]]);
    },
  );
});

it('a server that says Zstandard and does not know it is asked for the bytes themselves', async () => {
  const bytes: Answers['bytes'] = {
    read: async function* ({ resourceName, readOffset }) {
      yield {
        data: resourceName.startsWith('blobs/') ? LARGE.subarray(Number(readOffset)) : Buffer.from('no such thing'),
      };
    },
  };
  expect(await read({ bytes }, [LARGE])).toMatchObject({ lost: [], has: [true] });
});

it('a stream that is cut after each piece goes on, and begins anew where the server cannot', async () => {
  let calls = 0;
  const bytes: Answers['bytes'] = {
    read: async function* ({ resourceName, readOffset }) {
      calls++;
      if (!resourceName.startsWith('blobs/')) failing(Code.Unavailable)();
      if (calls === 4) failing(Code.OutOfRange)();
      yield { data: LARGE.subarray(Number(readOffset), Number(readOffset) + MIB) };
      failing(Code.Unavailable)();
    },
  };
  expect(await read({ bytes }, [LARGE])).toMatchObject({ lost: [], has: [true] });
});

/** Offers and asks for some results, one after the other. */
async function use(answers: Answers, times: number) {
  using server = await HostileCache.start(answers);
  const connection = new Connection(parseAddress(server.address, 'here'));
  const warnings: string[] = [];
  const { signal } = new AbortController();
  const store = newStore();
  const warn = (message: string): void => void warnings.push(message);
  const options = { reads: connection, writes: connection, timeoutMs: TIMEOUT_MS, signal, warn };
  using remote = new RemoteCache(store, options);
  const actions = Array.from({ length: times }, (_none, index) =>
    unpackedSet(true, [{ sha256: String(index) } as Package]),
  );
  for (const action of actions) expect(await remote.result(action)).toBeUndefined();
  const tree = store.trees.build([['file', captureBytes(store.cas, Buffer.from('text'))]]);
  for (const action of actions)
    remote.offer(action, {
      outputs: new Map<string, Node>([['out/packages', tree]]),
      ...{ log: undefined, startedAt: 0, durationMs: 0, worker: '' },
    });
  await remote.finish(() => Promise.resolve());
  return { server, warnings };
}

const NOTHING: Answers = {
  actions: { getActionResult: failing(Code.NotFound) },
  blobs: { findMissingBlobs: ({ blobDigests }) => ({ missingBlobDigests: blobDigests }) },
};

it('a server that fails at everything is given up, and said once', async () => {
  const { server, warnings } = await use({ actions: { getActionResult: failing(Code.Internal) } }, 20);
  expect(server.count('GetActionResult')).toBe(15);
  expect(warnings.filter((text) => text.includes('goes on without it'))).toHaveLength(1);
});

it('what two results have in common is sent once, though both are sent at a time', async () => {
  const sent: string[] = [];
  const batchUpdateBlobs: NonNullable<Answers['blobs']>['batchUpdateBlobs'] = async ({ requests }) => {
    sent.push(...requests.flatMap(({ digest }) => digest?.hash ?? []));
    await sleep(100);
    return { responses: requests.map(({ digest }) => ({ ...(digest ? { digest } : {}) })) };
  };
  const answers = {
    actions: { ...NOTHING.actions, updateActionResult: () => ({}) },
    blobs: { ...NOTHING.blobs, batchUpdateBlobs },
  };
  const { warnings } = await use(answers, 6);
  expect([warnings, sent.length]).toEqual([[], new Set(sent).size]);
});

it('a full server is written to no more, and read on', async () => {
  const batchUpdateBlobs = failing(Code.ResourceExhausted);
  const { server, warnings } = await use({ ...NOTHING, blobs: { ...NOTHING.blobs!, batchUpdateBlobs } }, 40);
  // Eight results are on their way when it says so first, and each is tried five times.
  expect(server.count('BatchUpdateBlobs')).toBeLessThanOrEqual(40);
  expect(warnings).toEqual([
    expect.stringContaining('goes on without writing'),
    expect.stringContaining('40 results were not sent'),
  ]);
});

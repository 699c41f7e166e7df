/** What the blobs of a remote cache keep to: they come as they were sent, whatever their size, or not at all. */
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress } from '../../cache/remote/address.ts';
import { RemoteBlobs } from '../../cache/remote/blobs.ts';
import type { Source } from '../../cache/remote/source.ts';
import { Connection } from '../../cache/remote/connection.ts';
import { inMemory, takerInto } from '../../cache/remote/receiver.ts';
import { Cas, digestOf, EMPTY } from '../../cache/cas.ts';
import { BazelRemote, whyNoServer } from '../rig/bazel-remote.ts';
import { FaultProxy } from '../rig/fault-proxy.ts';

const skipped = await whyNoServer();
if (skipped) console.warn(`skipped: ${skipped}`);

const MIB = 1024 * 1024;
const BATCH_BYTES = 3 * MIB;

let server: BazelRemote;
let proxy: FaultProxy;
let folder: string;

beforeAll(async () => {
  if (skipped) return;
  server = await BazelRemote.start();
  proxy = await FaultProxy.start(server.port);
  folder = mkdtempSync(join(tmpdir(), 'dsmb-blobs-'));
});
afterAll(() => {
  proxy?.[Symbol.dispose]();
  server?.[Symbol.dispose]();
  if (folder) rmSync(folder, { recursive: true });
});

function client(address = server.address, { batchBytes = BATCH_BYTES, zstd = true } = {}): RemoteBlobs {
  const { signal } = new AbortController();
  const limits = { batchBytes, zstd, zstdBatches: zstd, joins: true };
  return new RemoteBlobs(new Connection(parseAddress(address, 'here')), limits, { timeoutMs: 10_000, signal });
}

function sourceOf(bytes: Uint8Array): Source {
  return {
    digest: digestOf(bytes),
    *read(offset, chunkBytes) {
      for (let at = offset; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    },
  };
}

/** Bytes that no other test has. */
function bytesOf(size: number): Buffer {
  const bytes = Buffer.alloc(size, crypto.randomUUID());
  return bytes;
}

async function readBack(blobs: RemoteBlobs, sources: readonly Source[]): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const lost = await blobs.read(
    sources.map(({ digest }) => digest),
    inMemory(found),
  );
  expect(lost).toEqual(new Map());
  return found;
}

describe.skipIf(skipped)('a blob', () => {
  it.each([1, 1000, MIB, BATCH_BYTES / 2 - 160, BATCH_BYTES / 2, BATCH_BYTES, 4 * MIB, 9 * MIB + 1])(
    'of %s bytes comes as it was sent',
    async (size) => {
      const [one, other] = [sourceOf(bytesOf(size)), sourceOf(bytesOf(size))];
      await client().write([one, other, one]);
      expect(await client().missing([one.digest, other.digest])).toEqual([]);
      for (const [hash, bytes] of await readBack(client(), [one, other])) expect(digestOf(bytes).hash).toBe(hash);
    },
  );

  it('may be sent again', async () => {
    const large = sourceOf(bytesOf(5 * MIB));
    await client().write([large]);
    await client().write([large]);
    expect((await readBack(client(), [large])).size).toBe(1);
  });

  it('that is empty is always there, and never asked for', async () => {
    expect(await client('grpc://127.0.0.1:1').missing([EMPTY])).toEqual([]);
    expect(await client('grpc://127.0.0.1:1').read([EMPTY], inMemory(new Map()))).toEqual(new Map());
  });

  it('that was never sent is missing, and lost to who reads it', async () => {
    const [small, large] = [digestOf(bytesOf(10)), digestOf(bytesOf(5 * MIB))];
    expect(await client().missing([small, large])).toEqual([small, large]);
    const lost = await client().read([small, large, digestOf(bytesOf(11))], inMemory(new Map()));
    expect([...lost.keys()]).toEqual(expect.arrayContaining([small.hash, large.hash]));
  });

  it('goes on where it was cut, both ways', async () => {
    const large = sourceOf(bytesOf(20 * MIB));
    const calls: string[] = [];
    // The first of each kind.
    proxy.plan = (path) => (calls.push(path) && calls.filter((one) => one === path).length === 1 ? 'cut' : undefined);
    await client(proxy.address).write([large]);
    const cas = new Cas(join(folder, 'cut'));
    expect(
      await client(proxy.address).read(
        [large.digest],
        takerInto(cas, () => {}),
      ),
    ).toEqual(new Map());
    expect(await cas.verify(large.digest)).toBe(true);
    proxy.plan = () => undefined;
    expect(calls.filter((path) => path.endsWith('ByteStream/Read'))).toHaveLength(2);
  });

  it('that is sent in parts is one blob, and of its next version only what changed is sent', async () => {
    const sent: number[] = [];
    const inParts = (bytes: Buffer): Source => ({
      ...sourceOf(bytes),
      inParts: true,
      onSent: (size) => sent.push(size),
    });
    const bytes = randomBytes(20 * MIB);
    await client().write([inParts(bytes)]);
    expect(sent.reduce((sum, size) => sum + size)).toBe(bytes.length);
    // Some bytes more in the middle, so that all behind them lies elsewhere.
    const next = Buffer.concat([bytes.subarray(0, 7 * MIB), randomBytes(1000), bytes.subarray(7 * MIB + 10)]);
    sent.length = 0;
    await client().write([inParts(next)]);
    expect(sent.reduce((sum, size) => sum + size)).toBeLessThan(2 * MIB);
    const blobs = await readBack(client(), [sourceOf(bytes), sourceOf(next)]);
    expect([...blobs.values()].map((one) => one.length).toSorted((a, b) => a - b)).toEqual([bytes.length, next.length]);
  });

  it('that the server cannot join is sent whole', async () => {
    proxy.plan = (path) => (path.endsWith('SpliceBlob') ? 'evict' : undefined);
    const sent: number[] = [];
    const source = { ...sourceOf(randomBytes(5 * MIB)), inParts: true, onSent: (size: number) => sent.push(size) };
    await client(proxy.address).write([source]);
    proxy.plan = () => undefined;
    expect(sent).toContain(5 * MIB);
    expect(await client().missing([source.digest])).toEqual([]);
  });

  it('with other bytes never reaches the store', async () => {
    const sources = [100, 200, 4 * MIB].map((size) => sourceOf(bytesOf(size)));
    await client().write(sources);
    proxy.plan = (path) => (/Read/.test(path) ? 'wrong bytes' : undefined);
    const cas = new Cas(join(folder, 'wrong'));
    await client(proxy.address)
      .read(
        sources.map(({ digest }) => digest),
        takerInto(cas, () => {}),
      )
      .catch(() => undefined);
    proxy.plan = () => undefined;
    expect(sources.map(({ digest }) => cas.has(digest))).toEqual([false, false, false]);
  });
});

it.skipIf(skipped)('many blobs of any size come as they were sent, whatever a server takes at once', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.constantFrom(1000, 64 * 1024, BATCH_BYTES),
      fc.boolean(),
      async (each, batchBytes, zstd) => {
        const sources = each.map((size) => sourceOf(bytesOf(size)));
        await client(server.address, { batchBytes, zstd }).write(sources);
        expect((await readBack(client(server.address, { batchBytes, zstd }), sources)).size).toBe(sources.length);
      },
    ),
    { numRuns: 8 },
  );
});

/** Whatever goes wrong between a build and its remote cache, the build succeeds with the right output. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BazelRemote, whyNoServer } from '../rig/bazel-remote.ts';
import { examples } from '../rig/campaign.ts';
import { FAULTS, FaultProxy } from '../rig/fault-proxy.ts';
import { buildWith, DEADLINE_MS, expectedOutput, faultyRound, type Wrong } from '../rig/remote-faults.ts';

const skipped = await whyNoServer();
if (skipped) console.warn(`skipped: ${skipped}`);

/** Of a long run; a short one tries few. */
const ROUNDS = process.env['DSMB_TESTS'] === 'all' ? examples(300) : 12;
const SHARE = 0.3;

let server: BazelRemote;
let proxy: FaultProxy;

/** Where nobody listens, and where somebody does who never says anything. */
it('a server that is down, or silent, is said once and fails no build', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  for (const [address, reason] of [
    ['grpc://127.0.0.1:1', /ECONNREFUSED.*this build goes on without it/],
    [`grpc://127.0.0.1:${port}`, /this build goes on without it/],
  ] as const) {
    const { success, output, warnings } = await buildWith(address, 'alone');
    expect([success, output]).toEqual([true, expectedOutput('alone')]);
    expect(warnings.filter((text) => reason.test(text))).toHaveLength(1);
  }
  silent.close();
});

describe.skipIf(skipped)('through a proxy', () => {
  beforeAll(async () => {
    server = await BazelRemote.start();
    proxy = await FaultProxy.start(server.port);
    const first = await buildWith(proxy.address, 'first');
    expect(first).toMatchObject({ success: true, output: expectedOutput('first'), warnings: [] });
  });
  afterAll(() => {
    proxy?.[Symbol.dispose]();
    server?.[Symbol.dispose]();
  });

  it('without faults, nothing is said', async () => {
    expect(await buildWith(proxy.address, 'second')).toMatchObject({ success: true, warnings: [] });
  });

  it.each(FAULTS)('each read with "%s" is no more than a miss', { tags: 'long' }, async (fault) => {
    proxy.plan = (path) => (/Read|GetActionResult/.test(path) ? fault : undefined);
    expect(await buildWith(proxy.address, fault)).toMatchObject({ success: true, output: expectedOutput(fault) });
  });

  it('random faults neither fail a build nor spoil one', { timeout: ROUNDS * DEADLINE_MS }, async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seeds from ${seed}`);
    const wrong: Wrong[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const found = await faultyRound(proxy, seed + round, SHARE);
      if (found) wrong.push(found);
    }
    expect(wrong).toEqual([]);
    expect(proxy.count).toBeGreaterThan(0);
  });
});

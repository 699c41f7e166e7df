/**
 * Builds through a proxy that makes faults of a share of all calls to a remote cache, until so many faults were made:
 * `node bench/remote-faults.ts [FAULTS [SEED]]`, 10,000 by default. Prints what was wrong; nothing should be.
 */
import { BazelRemote } from '../test/rig/bazel-remote.ts';
import { FaultProxy } from '../test/rig/fault-proxy.ts';
import { buildWith, faultyRound } from '../test/rig/remote-faults.ts';

const SHARE = 0.3;

const [faults = 10_000, seed = 1] = process.argv.slice(2).map(Number);
using server = await BazelRemote.start();
using proxy = await FaultProxy.start(server.port);
await buildWith(proxy.address, 'first');

const started = performance.now();
let rounds = 0;
let wrong = 0;
while (proxy.count < faults) {
  for (const what of await faultyRound(proxy, seed + rounds, SHARE)) {
    wrong++;
    console.log(what);
  }
  rounds++;
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`${proxy.count} faults in ${rounds} builds, ${seconds} s: ${wrong} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;

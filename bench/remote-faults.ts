/**
 * Builds through a proxy that makes faults of a share of all calls to a remote cache, until so many faults were made:
 * `node bench/remote-faults.ts [FAULTS [SEED [SECONDS]]]`, 10,000 by default, and no longer than so many seconds. Prints
 * what was wrong; nothing should be.
 */
import { BazelRemote } from '../test/rig/bazel-remote.ts';
import { FaultProxy } from '../test/rig/fault-proxy.ts';
import { buildWith, faultyRound } from '../test/rig/remote-faults.ts';

const SHARE = 0.3;

const [faults = 10_000, seed = 1, most = Infinity] = process.argv.slice(2).map(Number);
using server = await BazelRemote.start();
using proxy = await FaultProxy.start(server.port);
await buildWith(proxy.address, 'first');

const started = performance.now();
let rounds = 0;
let wrong = 0;
const seconds = (): number => (performance.now() - started) / 1000;
while (proxy.count < faults && seconds() < most) {
  for (const what of await faultyRound(proxy, seed + rounds, SHARE)) {
    wrong++;
    console.log(what);
  }
  rounds++;
}
console.log(`${proxy.count} faults in ${rounds} builds, ${seconds().toFixed(0)} s: ${wrong} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;

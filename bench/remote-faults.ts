/** Builds through proxies that make faults of a share of all calls to a remote cache. */
import { parseArgs } from 'node:util';
import { BazelRemote } from '../test/rig/bazel-remote.ts';
import { FaultProxy } from '../test/rig/fault-proxy.ts';
import { buildWith, faultyRound, type Wrong } from '../test/rig/remote-faults.ts';

const HELP = `Usage: node bench/remote-faults.ts [--faults N] [--seed N] [--seconds N] [--lanes N] [--share N]

Builds, each in an empty store, until so many faults were made. Prints what was wrong, and how often; nothing should be.

  --faults N   10,000 by default
  --seed N     of the first build; each has the next one. 1 by default
  --seconds N  no longer than this
  --lanes N    builds at a time, each with a proxy of its own, since most of the time passes in pauses; 4 by default
  --share N    of all calls, from 0 to 1; 0.3 by default
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    faults: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
    lanes: { type: 'string', default: '4' },
    share: { type: 'string', default: '0.3' },
  },
});
const [FAULTS, SEED, SECONDS, LANES, SHARE] = [
  Number(values.faults),
  Number(values.seed),
  Number(values.seconds),
  Number(values.lanes),
  Number(values.share),
];

if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  using server = await BazelRemote.start();
  using proxies = new DisposableStack();
  const lanes = await Promise.all(Array.from({ length: LANES }, () => FaultProxy.start(server.port)));
  for (const one of lanes) proxies.use(one);
  await buildWith(lanes[0]!.address, 'first');

  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const made = (): number => lanes.reduce((sum, { count }) => sum + count, 0);
  const counts: Record<Wrong['what'], number> = { failed: 0, 'wrong output': 0, hung: 0 };
  let builds = 0;
  const work = async (proxy: FaultProxy): Promise<void> => {
    while (made() < FAULTS && seconds() < SECONDS) {
      const wrong = await faultyRound(proxy, SEED + builds++, SHARE);
      if (!wrong) continue;
      counts[wrong.what]++;
      console.log(`${wrong.what}: ${wrong.detail}`);
    }
  };
  await Promise.all(lanes.map(work));
  const { failed, hung } = counts;
  const wrong = `${failed} failed builds, ${counts['wrong output']} wrong outputs, ${hung} hangs`;
  console.log(`${made()} faults in ${builds} builds, ${seconds().toFixed(0)} s, seed ${SEED}: ${wrong}`);
  process.exitCode = failed + counts['wrong output'] + hung === 0 ? 0 : 1;
}

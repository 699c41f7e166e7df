/**
 * Builds through a proxy that makes faults, in this process: whatever goes wrong on the way to the cache, each build succeeds
 * with the right output.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../../cache/remote/address.ts';
import { Connection } from '../../cache/remote/connection.ts';
import { RemoteCache } from '../../cache/remote/remote-cache.ts';
import { Store } from '../../cache/store.ts';
import { ArtifactReference, type ActionNode } from '../../src/analysis/action.ts';
import { Build } from '../../src/execute/build.ts';
import { Elsewhere } from '../../src/execute/elsewhere.ts';
import { Machine } from '../../src/execute/machine.ts';
import { PackageTrees } from '../../src/execute/toolchains/package-trees.ts';
import { Toolroots } from '../../src/execute/toolchains/toolroots.ts';
import { File, Tree } from '../../src/model/kinds.ts';
import type { Label } from '../../src/model/label.ts';
import { FAULTS, type Fault, type FaultProxy, type Plan } from './fault-proxy.ts';

/** A call that makes no progress is given up after this. */
const TIMEOUT_MS = 400;
/** A build that takes longer hangs: it is ended, and has some time for that. */
export const DEADLINE_MS = 60_000;
const GRACE_MS = 10_000;

function action(
  name: string,
  kind: typeof File | typeof Tree,
  script: string,
  below: Record<string, ArtifactReference> = {},
): ActionNode {
  return {
    label: `//${name}` as Label,
    mnemonic: 'Run',
    ordinal: 0,
    call: { rule: 'run', attributes: [], sources: [], lists: [] },
    work: { type: 'run', argv: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' } },
    inputs: new Map(Object.entries(below)),
    toolchains: [],
    outputs: { out: { name: 'out', kind } },
    needs: {},
    reproducible: true,
    timeoutMs: 30_000,
  } as unknown as ActionNode;
}

function outputOf(of: ActionNode): ArtifactReference {
  return new ArtifactReference(of.outputs['out']!.kind, { type: 'action', action: of, output: 'out' });
}

/** Small files, one that goes as a stream, and what reads both; the last one says which round it is. */
function graph(round: string): ActionNode {
  const words = action(
    'words',
    Tree,
    'mkdir -p /out/out/deep; for i in 1 2 3 4 5 6; do echo word $i >/out/out/deep/$i; done',
  );
  const large = action('large', File, 'yes a line of a large file | head -c 5000000 >/out/out');
  const both = action('both', File, 'cat /in/words/deep/* >/out/out; tail -c 1000 /in/large >>/out/out', {
    words: outputOf(words),
    large: outputOf(large),
  });
  return action(
    'last',
    File,
    `cat /in/both /in/words/deep/6 >/out/out; head -c 99 /in/large >>/out/out; echo ${round} >>/out/out`,
    {
      both: outputOf(both),
      words: outputOf(words),
      large: outputOf(large),
    },
  );
}

export interface Round {
  readonly success: boolean;
  /** The last output, as text. */
  readonly output: string;
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
  readonly ms: number;
}

/** Builds in an empty store, with the cache at an address. */
export async function buildWith(address: string, round: string): Promise<Round> {
  const started = performance.now();
  const store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-faults-')));
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const warnings: string[] = [];
  const connection = new Connection(parseAddress(address, 'here'));
  const warn = (message: string): void => void warnings.push(message);
  using remote = new RemoteCache(store, { reads: connection, writes: connection, timeoutMs: TIMEOUT_MS, signal, warn });
  const elsewhere = new Elsewhere(store, remote);
  const packages = new PackageTrees(
    store,
    { lockFile: join(store.root, 'lock'), frozen: true, warn() {}, signal },
    () => {},
  );
  const toolroots = new Toolroots(store, packages);
  using machine = new Machine(store, toolroots, { unsandboxed: true });
  const last = graph(round);
  const target = { label: last.label, artifact: outputOf(last) };
  const options = { keepGoing: false, signal, onEvent() {}, elsewhere };
  const build = new Build(store, toolroots, machine, options);
  try {
    const { success, artifacts, failures } = await build.run([target]);
    await remote.finish(() => machine.syncStore());
    const node = artifacts.get(last.label);
    if (node) await elsewhere.bring([node]);
    const output = node?.type === 'file' ? store.cas.read(node.digest).toString() : '';
    return {
      success,
      output,
      failures: failures.map(({ message }) => message),
      warnings,
      ms: performance.now() - started,
    };
  } finally {
    rmSync(store.root, { recursive: true, force: true });
  }
}

/** What the last output must be. */
export function expectedOutput(round: string): string {
  const words = [1, 2, 3, 4, 5, 6].map((n) => `word ${n}\n`);
  const large = 'a line of a large file\n'.repeat(5_000_000 / 20).slice(0, 5_000_000);
  return `${words.join('')}${large.slice(-1000)}word 6\n${large.slice(0, 99)}${round}\n`;
}

/** Faults by a seed: some of the calls, each with any of them. */
export function randomPlan(seed: number, share: number): Plan {
  const next = generator(seed);
  return (): Fault | undefined => (next() < share ? FAULTS[Math.floor(next() * FAULTS.length)] : undefined);
}

/** Numbers from 0 to 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What became of a build with faults, where that is not what should become of it. */
export interface Wrong {
  readonly what: 'failed' | 'wrong output' | 'hung';
  readonly detail: string;
}

/** One round through a proxy that nobody else uses; undefined where all is well. */
export async function faultyRound(proxy: FaultProxy, seed: number, share: number): Promise<Wrong | undefined> {
  const round = `round ${seed}`;
  proxy.plan = randomPlan(seed, share);
  const built = await Promise.race([buildWith(proxy.address, round), sleep(DEADLINE_MS + GRACE_MS)]);
  if (!built || built.ms >= DEADLINE_MS) return { what: 'hung', detail: `seed ${seed}` };
  const { success, output, failures } = built;
  if (!success) return { what: 'failed', detail: `seed ${seed}: ${failures.join('; ')}` };
  if (output === expectedOutput(round)) return undefined;
  return { what: 'wrong output', detail: `seed ${seed}: ${output.slice(0, 200)}` };
}

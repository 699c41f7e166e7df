/** Whether KVM runs guests here: asked once with a canary in the sandbox, then remembered for this machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeUnlessReadOnly } from '../../../cache/files.ts';
import type { Store } from '../../../cache/store.ts';
import { canary } from '../../vm/accelerator.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { sandboxCall } from './sandbox.ts';
import type { Sandboxes } from './sandboxes.ts';
import type { Spawner } from '../process/spawner.ts';

const DEVICE = '/dev/kvm';
const MEMORY = 'kvm.v1.json';

/** What runs actions. */
interface Runs {
  readonly spawner: Spawner;
  readonly sandboxes: Sandboxes;
}

/** Boots the canary under KVM with the QEMU of the action's toolchain. Takes 6 s where KVM hangs its guests. */
export async function kvmWorks(
  store: Store,
  runs: Runs,
  bubblewrap: readonly string[],
  action: PlannedAction,
): Promise<boolean> {
  if (!existsSync(DEVICE)) return false;
  const identity = `${action.base.digest.hash} ${thisMachine()}`;
  const memory = join(store.root, MEMORY);
  const known = remembered(memory);
  if (known?.identity === identity) return known.works;
  // A busy machine may take longer than the canary has: its answer stays, so it is asked twice.
  const works =
    (await tryCanary(store, runs, bubblewrap, action)) || (await tryCanary(store, runs, bubblewrap, action));
  writeUnlessReadOnly(memory, JSON.stringify({ identity, works }));
  return works;
}

/** Whether KVM may run guests here, as far as that is known without trying. */
export function kvmMayWork({ root }: Store): boolean {
  const known = remembered(join(root, MEMORY));
  const isKnown = known?.identity.endsWith(` ${thisMachine()}`) ?? false;
  return existsSync(DEVICE) && !(isKnown && known?.works === false);
}

/** With another kernel, or another processor, it may be otherwise. */
function thisMachine(): string {
  return JSON.stringify([release(), cpus()[0]?.model]);
}

async function tryCanary(
  store: Store,
  { spawner, sandboxes }: Runs,
  bubblewrap: readonly string[],
  action: PlannedAction,
): Promise<boolean> {
  const { disk, args, expectedStatus, deadlineMs } = canary('kvm', '/tmp/canary.img');
  const probe = { ...action, isStep: true, command: { ...action.command, argv: ['qemu-system-x86_64', ...args] } };
  using sandbox = sandboxes.layOut(probe);
  writeFileSync(join(sandbox.tmp, 'canary.img'), disk);
  const call = sandboxCall(store, bubblewrap, probe, sandbox, { kvm: true, memo: undefined });
  const { signal } = new AbortController();
  const exit = await spawner.run(call, { logFile: sandbox.log, timeoutMs: deadlineMs, signal });
  return exit.code === expectedStatus;
}

interface Memory {
  readonly identity: string;
  readonly works: boolean;
}

function remembered(file: string): Memory | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Memory;
  } catch {
    return undefined;
  }
}

/** Whether KVM runs guests here: asked once with a canary in the sandbox, then remembered for this machine. */
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import { canary } from '../../vm/accelerator.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { kvmRefused, readKvmAnswer, writeKvmAnswer } from './kvm-answer.ts';
import { sandboxCall } from './sandbox.ts';
import type { Sandboxes } from './sandboxes.ts';
import type { Spawner } from '../process/spawner.ts';

/** What runs actions. */
interface Runs {
  readonly spawner: Spawner;
  readonly sandboxes: Sandboxes;
}

/** Boots the canary under KVM with the QEMU of the action's toolchain. Takes 6 s where KVM hangs its guests or crawls. */
export async function kvmWorks(
  store: Store,
  runs: Runs,
  bubblewrap: readonly string[],
  action: PlannedAction,
): Promise<boolean> {
  if (kvmRefused()) return false;
  const identity = `${action.base.digest.hash} ${thisMachine()}`;
  const known = readKvmAnswer(store.root);
  if (known?.identity === identity) return known.works;
  // A busy machine may take longer than the canary has: its answer stays, so it is asked twice.
  const works =
    (await tryCanary(store, runs, bubblewrap, action)) || (await tryCanary(store, runs, bubblewrap, action));
  writeKvmAnswer(store.root, { identity, works });
  return works;
}

/** Whether KVM may run guests here, as far as that is known without trying. */
export function kvmMayWork({ root }: Store): boolean {
  const known = readKvmAnswer(root);
  const isKnown = known?.identity.endsWith(` ${thisMachine()}`) ?? false;
  return !kvmRefused() && !(isKnown && known?.works === false);
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

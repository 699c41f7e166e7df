/** Which actions may leave this machine. What has no process, and what needs something of this machine, stays. */
import type { Store } from '../../../cache/store.ts';
import type { ActionNode } from '../../analysis/action.ts';
import { needsVm } from '../../model/rule.ts';
import { kvmMayWork } from '../sandbox/accelerator.ts';

/** Where an action runs: on this machine, or on a worker. */
export type Place = 'here' | 'remote';

/** Whether an action may run on a worker. A virtual machine does where this machine has to emulate it as well. */
export function mayLeave(store: Store, { work, needs, runnable }: ActionNode): boolean {
  if (work.type === 'write' || runnable || needs.kvm) return false;
  return !needsVm(needs) || !kvmMayWork(store);
}

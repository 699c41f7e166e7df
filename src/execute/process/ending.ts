/** How a failed action's process ended, in words, and what its user may do about it. */
import type { ActionNode } from '../../analysis/action.ts';
import { signalOf } from '../../model/signals.ts';
import { describeExcess, type Excess } from './limits.ts';
import type { Exit } from './spawner.ts';

/** What the command did: `exited with 3`, `was ended by SIGSEGV`. */
export function describeExit(exit: Exit, timeoutMs: number): string {
  if (exit.error) return `did not start: ${exit.error}`;
  if (exit.excess) return describeExcess(exit.excess);
  if (exit.timedOut) return `did not end within ${timeoutMs / 1000} s`;
  if (exit.signal) return `was ended by ${exit.signal}`;
  const signal = signalOf(exit.code ?? 0);
  return signal ? `was ended by ${signal} (exit code ${exit.code})` : `exited with ${exit.code}`;
}

/** What to do about it; undefined where the log alone can tell. */
export function endingHint(exit: Exit, node: ActionNode): string | undefined {
  if (exit.excess) return excessHint(exit.excess, node);
  if (exit.timedOut) return timeoutHint(node);
  if (exit.signal !== 'SIGKILL' && signalOf(exit.code ?? 0) !== 'SIGKILL') return undefined;
  return 'memory may have run out (see `dmesg`): a larger `memoryMiB` in its needs keeps other actions from running beside it';
}

function excessHint({ of }: Excess, { needs, mnemonic, call }: ActionNode): string {
  if (of === 'disk') return 'free some space (dsmb gc), or set DSMB_STORE to a folder on a larger disk';
  if (of === 'processes') return `no action may have more: see what the action ${mnemonic} starts`;
  return needs.memoryMiB === undefined
    ? 'it is the most that this machine has for one action'
    : `the limit is four times the memoryMiB in the needs of the action ${mnemonic}, declared by the rule ${call.rule}, or what the machine has`;
}

/** Which limit it was, and where it is set. */
export function timeoutHint({ mnemonic, call }: ActionNode): string {
  const attribute = call.attributes.find((name) => /timeout/i.test(name));
  const given = attribute ? `; the attribute '${attribute}' is given in the build file` : '';
  return `the limit is timeoutMs of the action ${mnemonic}, declared by the rule ${call.rule}${given}`;
}

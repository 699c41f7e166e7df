/** Whether a run failed by the machine's fault, in a way that may be gone with the next try. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import { HELPER_LOST, type Exit } from '../process/spawner.ts';

/** What the kernel says when it has too little of something that others may give back: fork(2), clone(2), open(2). */
const PASSING = /\b(EAGAIN|ENOMEM|EMFILE|ENFILE)\b|Resource temporarily unavailable|Cannot allocate memory/;
/** bubblewrap's own complaint is all there is when the sandbox was not made. */
const SANDBOX_COMPLAINT = /^bwrap: (?!execvp)([^\n]*)$/;
/** All user or process namespaces that the kernel allows are taken. */
const NO_NAMESPACE = /^Creating new namespace failed: No space left on device/;

/** Linux counts ticks of an emulated timer that came late, or never, because the machine was busy with other things. */
const STARVED = /Kernel panic - not syncing: IO-APIC \+ timer doesn't work!/;

/** How often an action is tried that the machine fails, and how long it waits before the second try; then twice that. */
export const TRIES = 3;
export const PAUSE_MS = 500;

/** What bubblewrap could not do, where that is all that was said: the action itself has not begun. */
export function sandboxComplaint(log: string): string | undefined {
  return SANDBOX_COMPLAINT.exec(log.trim())?.[1];
}

/** What was wrong, in words; undefined when another try would end in the same way. A full disk is no passing fault. */
export function passingFault(exit: Exit, log: string, said: Diagnostic | undefined): string | undefined {
  if (exit.timedOut || exit.excess) return undefined;
  if (exit.error === HELPER_LOST || (exit.error && PASSING.test(exit.error))) return exit.error;
  const complaint = sandboxComplaint(log);
  if (complaint && (PASSING.test(complaint) || NO_NAMESPACE.test(complaint)))
    return `its sandbox could not be made: ${complaint}`;
  if (said?.code === 'VM_START' && PASSING.test(`${said.message} ${said.detail ?? ''}`))
    return `its virtual machine did not start: ${said.message}`;
  if (said?.code === 'VM_PANIC' && STARVED.test(`${said.message} ${said.detail ?? ''}`))
    return `its virtual machine got too little processor time: ${said.message}`;
  return undefined;
}

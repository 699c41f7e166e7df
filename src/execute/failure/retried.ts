/** What a machine failed in passing is tried again, some times and ever later; nothing else is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toDiagnostic } from '../../model/diagnostic.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { whoIs } from './failed-action.ts';
import { PAUSE_MS, TRIES } from './machine-fault.ts';

/** `run` is told which try it is, from 1; `onRetry` which is about to come, and why. */
export async function retried<T>(
  action: PlannedAction,
  signal: AbortSignal,
  run: (attempt: number) => Promise<T>,
  onRetry: (attempt: number, reason: string) => void,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(attempt);
    } catch (error) {
      const { code, message } = toDiagnostic(error);
      if (code !== 'MACHINE_FAULT' || attempt === TRIES || signal.aborted) throw error;
      onRetry(attempt + 1, message.replace(`${whoIs(action)}: `, ''));
      await sleep(PAUSE_MS * 2 ** (attempt - 1), undefined, { signal }).catch(() => {});
    }
  }
}

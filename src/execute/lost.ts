/** What is lost in the middle of a build, from the store or from a cache of others, is made again. */
import { Failure } from '../model/diagnostic.ts';

/** Others may lose something each time. */
const MOST_TIMES = 5;

/** Whether something went wrong since a blob is gone. */
export function isLost(error: unknown): boolean {
  return error instanceof Failure && error.diagnostic.code === 'BLOB_MISSING';
}

/** Tries again as long as something turns out to be lost, some times at most; before each, `makeAgain` sees to it. */
export async function untilNothingIsLost<T>(attempt: () => Promise<T>, makeAgain: () => Promise<void>): Promise<T> {
  for (let times = 0; ; times++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLost(error) || times === MOST_TIMES) throw error;
      await makeAgain();
    }
  }
}

/** Much work, some of it at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.ts';

it('works on all, and never on more at a time', async () => {
  const done: number[] = [];
  let [now, most] = [0, 0];
  await inParallel(new Set([3, 1, 2, 5, 4]), 2, async (one) => {
    most = Math.max(most, ++now);
    await sleep(one);
    now--;
    done.push(one);
  });
  expect([done.toSorted((a, b) => a - b), most]).toEqual([[1, 2, 3, 4, 5], 2]);
});

it('begins nothing after a failure, and throws it when what had begun has ended', async () => {
  const begun: number[] = [];
  let ended = 0;
  const all = inParallel([1, 2, 3, 4], 2, async (one) => {
    begun.push(one);
    await sleep(one === 1 ? 1 : 20);
    ended++;
    if (one === 1) throw new Error('the first');
  });
  await expect(all).rejects.toThrow('the first');
  expect([begun, ended]).toEqual([[1, 2], 2]);
});

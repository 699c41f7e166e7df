/** Sharing processors and memory: never more than there is, in the order of asking, and nobody waits for ever. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Resources } from './resources.ts';

const CPUS = 2;
const MEMORY_MIB = 1000;
const needs = fc.record({ cpus: fc.integer({ min: 1, max: 4 }), memoryMiB: fc.integer({ min: 1, max: 2000 }) });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('holding resources', () => {
  it('never takes more than there is, lets everybody through, and keeps the order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(needs, { maxLength: 10 }), fc.infiniteStream(fc.boolean()), async (wanted, fails) => {
        const resources = new Resources(CPUS, MEMORY_MIB);
        let [cpus, memoryMiB] = [0, 0];
        const started: number[] = [];
        const work = wanted.map((one, index) =>
          resources.hold(one, async () => {
            started.push(index);
            cpus += Math.min(one.cpus, CPUS);
            memoryMiB += Math.min(one.memoryMiB, MEMORY_MIB);
            expect(cpus).toBeLessThanOrEqual(CPUS);
            expect(memoryMiB).toBeLessThanOrEqual(MEMORY_MIB);
            await turn();
            cpus -= Math.min(one.cpus, CPUS);
            memoryMiB -= Math.min(one.memoryMiB, MEMORY_MIB);
            if (fails.next().value) throw new Error('failed');
          }),
        );
        await Promise.allSettled(work);
        expect(started).toEqual(wanted.map((_one, index) => index));
      }),
    );
  });

  it('gives what the work gives', async () => {
    const resources = new Resources(CPUS, MEMORY_MIB);
    await expect(resources.hold({}, async () => 7)).resolves.toBe(7);
    await expect(resources.hold({}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(resources.hold({ cpus: 99, memoryMiB: 1e9 }, async () => 'all there is')).resolves.toBe(
      'all there is',
    );
  });
});

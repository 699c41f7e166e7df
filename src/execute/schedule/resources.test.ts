/** Sharing what there is: never more than that, the most urgent first, and nobody waits for ever. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Resources, type Amounts } from './resources.ts';

const TOTAL: Amounts = { places: 3, cpus: 2, memoryMiB: 1000, diskMiB: 100 };
const some = (more: Partial<Amounts> = {}): Amounts => ({ places: 1, cpus: 1, memoryMiB: 1, diskMiB: 0, ...more });
const amounts = fc.record({
  places: fc.constant(1),
  cpus: fc.constantFrom(0.5, 1, 2, 8),
  memoryMiB: fc.integer({ min: 1, max: 2000 }),
  diskMiB: fc.constantFrom(0, 10, 60, 500),
});
const jobs = fc.record({
  asked: amounts,
  urgency: fc.integer({ min: 0, max: 5 }),
  /** When it asks, and how long it works, in turns. */
  arrives: fc.nat(5),
  works: fc.integer({ min: 1, max: 5 }),
  fails: fc.boolean(),
});
const KINDS = ['places', 'cpus', 'memoryMiB', 'diskMiB'] as const;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn();
}

describe('holding resources', () => {
  it('never takes more than there is, and lets everybody through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(jobs, { maxLength: 20 }), async (all) => {
        const resources = new Resources(TOTAL);
        const held = { places: 0, cpus: 0, memoryMiB: 0, diskMiB: 0 };
        let done = 0;
        const run = async ({ asked, urgency, arrives, works, fails }: (typeof all)[number]): Promise<void> => {
          await turns(arrives);
          const work = async (own: Amounts): Promise<void> => {
            for (const kind of KINDS) {
              const wanted = Math.min(asked[kind], TOTAL[kind]);
              expect(own[kind]).toBeLessThanOrEqual(wanted);
              expect(own[kind]).toBeGreaterThanOrEqual(kind === 'cpus' ? wanted / 2 : wanted);
              held[kind] += own[kind];
              expect(held[kind]).toBeLessThanOrEqual(TOTAL[kind]);
            }
            await turns(works);
            for (const kind of KINDS) held[kind] -= own[kind];
            done++;
            if (fails) throw new Error('failed');
          };
          await resources.hold(asked, work, () => urgency);
        };
        await Promise.allSettled(all.map(run));
        expect(done).toBe(all.length);
      }),
    );
  });

  it('goes by urgency among those that are ready, then by the order of asking', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 20 }), async (urgencies) => {
        const resources = new Resources({ ...TOTAL, cpus: 1 });
        const started: number[] = [];
        const work = urgencies.map((urgency, index) =>
          resources.hold(
            some(),
            async () => void started.push(index),
            () => urgency,
          ),
        );
        await Promise.all(work);
        const order = urgencies.map((urgency, index) => ({ urgency, index }));
        expect(started).toEqual(order.toSorted((a, b) => b.urgency - a.urgency).map(({ index }) => index));
      }),
    );
  });

  it('a large one waits only for those that ran before it: others may pass that fit beside it', async () => {
    const resources = new Resources({ ...TOTAL, cpus: 4, places: 9 });
    const started: string[] = [];
    const hold = (name: string, asked: Amounts, work: number, urgency = 0): Promise<void> =>
      resources.hold(
        asked,
        async () => {
          started.push(name);
          await turns(work);
        },
        () => urgency,
      );
    const first = hold('first', some({ memoryMiB: 600 }), 50);
    await turns(2);
    const large = hold('large', some({ memoryMiB: 700 }), 1, 9);
    await turns(2);
    const small = hold('small', some({ memoryMiB: 200 }), 500);
    const inTheWay = hold('in the way', some({ memoryMiB: 200 }), 1);
    await turns(5);
    expect(started).toEqual(['first', 'small']);
    await Promise.all([first, large, small, inTheWay]);
    expect(started).toEqual(['first', 'small', 'large', 'in the way']);
  });

  it('lets one that would keep all processors busy start with half of them', async () => {
    const resources = new Resources({ ...TOTAL, cpus: 4 });
    const held: number[] = [];
    const hold = (cpus: number): Promise<void> =>
      resources.hold(some({ cpus }), async (own) => {
        held.push(own.cpus);
        await turns(5);
      });
    await Promise.all([hold(1), hold(4), hold(1)]);
    expect(held).toEqual([1, 3, 1]);
  });

  it('gives what the work gives, and all there is to what needs more', async () => {
    const resources = new Resources(TOTAL);
    await expect(resources.hold(some(), async () => 7)).resolves.toBe(7);
    await expect(resources.hold(some(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const huge = { places: 1, cpus: 99, memoryMiB: 1e9, diskMiB: 1e9 };
    await expect(resources.hold(huge, async () => 'alone')).resolves.toBe('alone');
  });

  it('asks for the urgency only where there is a choice', async () => {
    const resources = new Resources(TOTAL);
    let asked = 0;
    const urgency = (): number => ++asked;
    await resources.hold(some(), async () => {}, urgency);
    expect(asked).toBe(0);
    await Promise.all([1, 2].map(() => resources.hold(some(), async () => {}, urgency)));
    expect(asked).toBe(2);
  });
});

/** What actions ask for: what their rules say, and what was learned. */
import { availableParallelism } from 'node:os';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ActionNode } from '../../analysis/action.ts';
import { machineHas, requireDisk, wantedBy } from './wanted.ts';

describe('what an action asks for', () => {
  it('is a processor and some memory where nothing is known', () => {
    expect(wantedBy({}, undefined)).toEqual({ places: 1, cpus: 1, memoryMiB: 256, diskMiB: 0 });
  });

  it('is learned where its rule does not say it', () => {
    expect(wantedBy({}, { durationMs: 1, cpus: 1.9, memoryMiB: 1000 })).toMatchObject({ cpus: 2, memoryMiB: 1250 });
    expect(wantedBy({}, { durationMs: 1, cpus: 0.01, memoryMiB: 1 })).toMatchObject({ cpus: 0.5, memoryMiB: 32 });
    expect(wantedBy({}, { durationMs: 1 })).toMatchObject({ cpus: 1, memoryMiB: 256 });
  });

  it('is what its rule says, and more memory where it was seen to take more', () => {
    const needs = { cpus: 4, memoryMiB: 2000, diskMiB: 500 };
    expect(wantedBy(needs, { durationMs: 1, cpus: 1, memoryMiB: 100 })).toMatchObject(needs);
    expect(wantedBy(needs, { durationMs: 1, memoryMiB: 3000 })).toMatchObject({ ...needs, memoryMiB: 3000 });
  });
});

describe('what there is', () => {
  it('has a place for each job, and as many processors', () => {
    expect(machineHas(tmpdir())).toMatchObject({ places: Infinity, cpus: availableParallelism() });
    expect(machineHas(tmpdir(), 7)).toMatchObject({ places: 7, cpus: 7 });
  });

  it('is looked at before an action takes disk', () => {
    const node = { label: '//a', mnemonic: 'Make', needs: { diskMiB: 1 } } as unknown as ActionNode;
    expect(() => requireDisk(tmpdir(), node)).not.toThrow();
    expect(() => requireDisk(tmpdir(), { ...node, needs: { diskMiB: 2 ** 40 } })).toThrow(
      /not enough space: .* needs .* GiB, and/,
    );
  });
});

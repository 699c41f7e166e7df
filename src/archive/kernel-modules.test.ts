/** The order in which modules are loaded: complete, each after what it needs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moduleWith } from '../../rules/patched-extra/test-module.test-helper.ts';
import { loadOrder, moduleRequirements } from './kernel-modules.ts';

/** Graphs without cycles: a module needs only modules with smaller numbers. */
const graphs = fc
  .array(fc.array(fc.nat({ max: 19 }), { maxLength: 4 }), { minLength: 1, maxLength: 20 })
  .map((lists) => lists.map((needs, index) => needs.filter((need) => need < index).map(String)));

describe('loadOrder', () => {
  it('has every needed module once, and after what it needs', () => {
    fc.assert(
      fc.property(graphs, fc.nat({ max: 19 }), (graph, pick) => {
        const wanted = String(pick % graph.length);
        const order = loadOrder([wanted], (name) => graph[Number(name)] ?? []);
        expect(new Set(order).size).toBe(order.length);
        expect(order.at(-1)).toBe(wanted);
        for (const [position, name] of order.entries())
          for (const need of graph[Number(name)] ?? []) expect(order.slice(0, position)).toContain(need);
      }),
    );
  });

  it('ends on a cycle', () => {
    expect(loadOrder(['a'], (name) => (name === 'a' ? ['b'] : ['a']))).toEqual(['b', 'a']);
  });
});

describe('moduleRequirements', () => {
  it('reads hard dependencies only, and writes names with underscores', () => {
    const raid1 = moduleWith('license=GPL\0softdep=pre: crypto-crc32c\0depends=md-mod,libcrc32c\0');
    expect(moduleRequirements(raid1)).toEqual(['md_mod', 'libcrc32c']);
    expect(moduleRequirements(moduleWith('depends=\0'))).toEqual([]);
  });
});

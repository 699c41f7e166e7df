/** The two sinks of a recipe say the same: the parts of two actions are equal exactly when their keys are. */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { Store } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import { formatDigest } from '../model/digest.ts';
import { File, Tree } from '../model/kinds.ts';
import { parseLabel } from '../model/label.ts';
import { changesOf } from './changes.ts';
import { planAction, type ActionContent, type PlannedAction } from './key.ts';
import { flatten } from './parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-parts-'));
const store = new Store(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const few = fc.constantFrom('a', 'b');
const node = few.map((text) => captureBytes(store.cas, Buffer.from(text)));
const inputs = fc.array(fc.tuple(few, node), { maxLength: 2 }).map((entries) => new Map(entries));
const outputs = fc.dictionary(few, fc.record({ name: few, kind: fc.constantFrom(File, Tree) }), {
  noNullPrototype: true,
  minKeys: 1,
  maxKeys: 1,
});
const work: fc.Arbitrary<ActionNode['work']> = fc.oneof(
  fc.record({ type: fc.constant('write' as const), content: few }),
  fc.record({
    type: fc.constant('run' as const),
    argv: fc.array(few, { maxLength: 2 }),
    env: fc.dictionary(few, few, { noNullPrototype: true }),
  }),
  fc.record({
    type: fc.constant('step' as const),
    module: fc.constant(new URL('file:///x.step.ts')),
    args: fc.jsonValue({ maxDepth: 2 }),
    hints: fc.constant({}),
  }),
);

const specs = fc.record({ work, outputs, inputs, timeoutMs: fc.constantFrom(1000, 2000), salt: few, bundle: node });
type Spec = typeof specs extends fc.Arbitrary<infer T> ? T : never;

function plan({ work: what, outputs: made, inputs: read, timeoutMs, salt, bundle }: Spec): PlannedAction {
  const content: ActionContent = { inputs: read, toolchains: [], bundle };
  return planAction(store, actionOf(what, made, timeoutMs), content, salt);
}

/** Two actions that differ in one thing at most: many are equal. */
const pairs = fc
  .tuple(specs, specs, fc.constantFrom('work', 'outputs', 'inputs', 'timeoutMs', 'salt', 'bundle'))
  .map(([one, other, field]) => [plan(one), plan({ ...one, [field]: other[field as keyof Spec] })] as const);

function actionOf(what: ActionNode['work'], made: ActionNode['outputs'], timeoutMs: number): ActionNode {
  return {
    label: parseLabel('//x'),
    mnemonic: 'X',
    ordinal: 0,
    call: { rule: 'x', attributes: [], sources: [], lists: [] },
    work: what,
    inputs: new Map(),
    toolchains: [],
    outputs: made,
    needs: {},
    reproducible: true,
    timeoutMs,
  };
}

describe('the parts of a key', () => {
  it('are equal exactly when the key is', () => {
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const same = formatDigest(one.key) === formatDigest(other.key);
        expect(changesOf(one.parts(), other.parts()).length === 0).toBe(same);
      }),
      { numRuns: 300 },
    );
  });

  it('have names that are unique in their kind', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const names = plan(spec)
          .parts()
          .map(({ kind, name }) => `${kind} ${name}`);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

describe('flatten', () => {
  it('names every plain value by its path', () => {
    expect(flatten({ a: [1, { 'b-c': null }], d: {}, e: undefined })).toEqual([
      ['a[0]', '1'],
      ['a[1]["b-c"]', 'null'],
      ['d', '{}'],
    ]);
    expect(flatten('text')).toEqual([['', '"text"']]);
  });

  it('is the same only for the same data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (one, other) => {
        const sorted = (value: unknown): string => JSON.stringify(flatten(value).map(String).toSorted());
        expect(sorted(one) === sorted(other)).toBe(isEqual(one, other));
      }),
    );
  });

  function isEqual(one: unknown, other: unknown): boolean {
    try {
      expect(JSON.parse(JSON.stringify(one))).toEqual(JSON.parse(JSON.stringify(other)));
      return true;
    } catch {
      return false;
    }
  }
});

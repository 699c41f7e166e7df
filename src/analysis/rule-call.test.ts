/** What messages know of the call of a rule. */
import { expect, it } from 'vitest';
import { debianPackages, file } from '../index.ts';
import { File } from '../model/kinds.ts';
import type { Target } from '../model/target.ts';
import type { Label } from '../model/label.ts';
import { ruleCallOf } from './rule-call.ts';

const unknown = (): undefined => undefined;

function call(attributes: Readonly<Record<string, unknown>>): Target {
  return {
    ...{ type: 'target', kind: File, rule: { name: 'thing' } as Target['rule'], validations: [], location: undefined },
    attributes: attributes as Target['attributes'],
  };
}

it('is the rule, its attributes, and the sources that are written there', () => {
  const { rule, attributes, sources } = ruleCallOf(call({ by: file('a'), of: [{ x: file('b') }], mode: 7 }), unknown);
  expect([rule, attributes]).toEqual(['thing', ['by', 'of', 'mode']]);
  expect(sources.map(([path, { written }]) => [path, written])).toEqual([
    ['by', 'a'],
    ['of[0].x', 'b'],
  ]);
});

it('names the lists that have targets of rules', () => {
  const attributes = { tools: [debianPackages('sed')], files: [file('a')], names: ['x'], of: [file('b'), call({})] };
  const { lists } = ruleCallOf(call(attributes), ({ rule }) => `//made:${rule.name}` as Label);
  expect(lists).toEqual([['of', ['//made:thing']]]);
});

it('is plain data once it is written down', () => {
  const written = JSON.parse(JSON.stringify(ruleCallOf(call({ of: [call({})] }), () => '//a' as Label))) as unknown;
  expect(written).toEqual({ rule: 'thing', attributes: ['of'], sources: [], lists: [['of', ['//a']]] });
});

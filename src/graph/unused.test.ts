/** What nothing uses, in a project of two packages. */
import { expect, it } from 'vitest';
import { attr } from '../model/attribute.ts';
import { File } from '../model/kinds.ts';
import { label, type Label } from '../model/label.ts';
import { param } from '../model/parameter.ts';
import { rule } from '../model/rule.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import { queryGraph } from './query-graph.ts';
import { testsOf } from './tests.ts';
import { unusedNodes } from './unused.ts';

const attributes = { of: attr.optional(attr.list(attr.target)), by: attr.optional(attr.string) };
const implement = () => undefined as never;
const make = rule({ name: 'make', makes: File, attributes, implement });
const check = rule({ name: 'check', makes: File, test: true, attributes, implement });

const read = param.string({ default: '', doc: '' });
const unread = param.string({ default: '', doc: '' });
const source = make({});
const picked = param.file({ default: source, doc: '' });
const ignored = param.file({ default: source, doc: '' });
const leftOver = make({});
const checked = check({ of: [source] });
const gate = make({ of: [source] });
const product = make({ of: [picked], by: read, validations: [gate] });

const TARGETS = new Map<Label, Target>([
  [label('lib', 'source'), source],
  [label('lib', 'leftOver'), leftOver],
  [label('lib', 'checked'), checked],
  [label('lib', 'gate'), gate],
  [label('', 'picked'), picked],
  [label('', 'ignored'), ignored],
  [label('', 'product'), product],
  [label('alone', 'product'), make({})],
]);
const names = {
  targets: TARGETS,
  labels: new Map([...TARGETS].map(([name, target]) => [target, name])),
  parameters: new Map<string, Parameter | FileParameter>([
    ['lib:read', read as Parameter],
    ['unread', unread as Parameter],
    ['picked', picked],
    ['ignored', ignored],
  ]),
};

it('parameters that no target reads, and what is left over in a package that others take from', () => {
  const unused = unusedNodes(queryGraph(names, '/project')).map(({ name }) => name);
  expect(unused.toSorted()).toEqual(['//lib:leftOver', 'param:ignored', 'param:unread']);
});

it('tests are those of their rule, and what gates', () => {
  expect(testsOf(checked)).toEqual([checked]);
  expect(testsOf(product)).toEqual([gate]);
  expect(testsOf(source)).toEqual([]);
});

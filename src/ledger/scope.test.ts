/** What a build is about. */
import { expect, it } from 'vitest';
import type { AnalysedTarget } from '../analysis/action.ts';
import type { Project } from '../analysis/project.ts';
import type { Label } from '../model/label.ts';
import { action, outputOf } from './made.test-helper.ts';
import { artifactsOf, scopeOf } from './scope.ts';

const [below, above, gate, lonely] = [action('below'), action('above'), action('gate'), action('lonely')];
const over = { ...above, inputs: new Map([['of', outputOf(below)]]) };

function target(of: typeof below, more: Partial<AnalysedTarget> = {}): AnalysedTarget {
  return { label: of.label, artifact: outputOf(of), actions: [of], validations: [], dependencies: [], ...more };
}

const bottom = target(below);
const top = target(over, { actions: [lonely, over], dependencies: [bottom], validations: [target(gate)] });
const project = { root: '/project', targets: [top], warnings: [], times: [] } as unknown as Project;

it('is what was asked for and what gates it, unless that is left out', () => {
  expect(scopeOf(project, false).gates.map(({ label }) => label)).toEqual(['//gate']);
  expect(scopeOf(project, true).gates).toEqual([]);
  expect(artifactsOf(scopeOf(project, false))).toEqual([top.artifact, outputOf(gate)]);
});

it('counts all actions, those included that nothing reads', () => {
  expect(scopeOf(project, false).actions).toBe(4);
  expect(scopeOf(project, true).actions).toBe(3);
});

it('has the actions below each target', () => {
  const names = scopeOf(project, false)
    .actionsOf('//above' as Label)
    .map(({ label }) => label);
  expect(names.sort()).toEqual(['//above', '//below', '//gate', '//lonely']);
  expect(scopeOf(project, false).actionsOf('//other' as Label)).toEqual([]);
});

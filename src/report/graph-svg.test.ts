/** The picture of a graph: everything is in it once, and texts are escaped. */
import { expect, it } from 'vitest';
import type { TargetGraph } from '../graph/target-graph.ts';
import { graphToSvg } from './graph-svg.ts';

const graph: TargetGraph = {
  nodes: [
    { name: '--set mac', kind: 'parameter', role: 'parameter' },
    { name: '//disk', kind: 'Disk', role: 'target' },
    { name: '//a<b', kind: 'A&B', role: 'target' },
    { name: '//check', kind: 'Report', role: 'validation' },
  ],
  edges: [
    { from: '--set mac', to: '//disk', role: 'input' },
    { from: '//disk', to: '//a<b', role: 'input' },
    { from: '//disk', to: '//check', role: 'input' },
    { from: '//check', to: '//disk', role: 'gates' },
  ],
};

it('has each node and each line once, also where a validation gates what it reads', () => {
  const svg = graphToSvg(graph);
  expect(svg.match(/<g class="parameter">/g)).toHaveLength(1);
  expect(svg.match(/<g class="validation">/g)).toHaveLength(1);
  expect(svg.match(/<g class="target">/g)).toHaveLength(2);
  expect(svg.match(/<path class="line"/g)).toHaveLength(3);
  expect(svg.match(/<path class="line gates"/g)).toHaveLength(1);
  expect(svg).toContain('//a&lt;b');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

it('of nothing is a picture, too', () => {
  expect(graphToSvg({ nodes: [], edges: [] })).toMatch(/^<svg [^]*<\/svg>\n$/);
});

/** `dsmb graph`: the target graph as a picture. */
import { writeFileSync } from 'node:fs';
import { fail } from '../model/diagnostic.ts';
import { splitLabel } from '../model/label.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject } from '../analysis/project.ts';
import { requestOf } from './request.ts';
import { targetGraph, toMermaid, type TargetGraph } from '../graph/target-graph.ts';
import { graphToSvg } from '../report/graph-svg.ts';
import { printText } from '../report/print.ts';

const FORMATS: Readonly<Record<string, (graph: TargetGraph) => string>> = { mermaid: toMermaid, svg: graphToSvg };

export const graph: Command = {
  name: 'graph',
  summary: 'draw what a target is made from',
  usage: '//target… [--all] [--output mermaid|svg] [-o FILE]',
  examples: [
    ['dsmb graph //cloudTarball', 'a Mermaid flowchart of the targets, with the parameters that they read'],
    ['dsmb graph //cloudTarball -o graph.svg', 'a picture for a browser'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    all: { type: 'boolean', help: 'also show what targets of other packages are made from' },
    output: {
      type: 'string',
      value: 'FORMAT',
      values: Object.keys(FORMATS),
      help: 'mermaid or svg; by default what the name of the file says, or mermaid',
    },
    file: { type: 'string', short: 'o', value: 'FILE', help: 'write to a file' },
  },
  run: runGraph,
};

async function runGraph(call: Call): Promise<number> {
  if (call.operands.length === 0) fail('USAGE', 'dsmb graph needs a target', { hint: 'dsmb list shows the targets' });
  const file = call.text('file');
  const output = call.text('output') ?? (file?.endsWith('.svg') ? 'svg' : 'mermaid');
  const { targets, loaded } = await openProject(requestOf(call));
  const opened = call.flag('all') ? undefined : new Set(targets.map(({ label }) => splitLabel(label).packageName));
  const text = FORMATS[output]!(targetGraph(targets, loaded, opened));
  if (file === undefined) printText(text);
  else writeFileSync(file, text);
  return EXIT.ok;
}

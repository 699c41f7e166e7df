/** `dsmb graph`: the target graph as a picture. */
import { fail } from '../model/diagnostic.ts';
import { splitLabel } from '../model/label.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { openProject } from './project.ts';
import { targetGraph, toMermaid, type TargetGraph } from '../graph/target-graph.ts';
import { graphToSvg } from '../report/graph-svg.ts';

export const graph: Command = {
  name: 'graph',
  summary: 'draw what a target is made of',
  usage: '//target… [--all] [--output mermaid|svg]',
  examples: [
    ['dsmb graph //cloudTarball', 'a Mermaid flowchart of the targets, with the parameters that they read'],
    ['dsmb graph //cloudTarball --output svg > graph.svg', 'a picture for a browser'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    all: { type: 'boolean', help: 'also what targets of other packages are made of' },
    output: { type: 'string', value: 'FORMAT', help: 'mermaid (default) or svg' },
  },
  run: runGraph,
};

const FORMATS: Readonly<Record<string, (graph: TargetGraph) => string>> = { mermaid: toMermaid, svg: graphToSvg };

async function runGraph(call: Call): Promise<number> {
  if (call.operands.length === 0) fail('USAGE', 'dsmb graph needs a target', { hint: 'dsmb graph //cloudTarball' });
  const output = call.text('output') ?? 'mermaid';
  const format = Object.hasOwn(FORMATS, output) ? FORMATS[output] : undefined;
  if (!format) fail('USAGE', `--output: '${output}' is not known`, { hint: '--output mermaid, or svg' });
  const { targets, loaded } = await openProject(call);
  const opened = call.flag('all') ? undefined : new Set(targets.map(({ label }) => splitLabel(label).packageName));
  process.stdout.write(format(targetGraph(targets, loaded, opened)));
  return EXIT.ok;
}

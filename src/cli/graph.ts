/** `dsmb graph`: the target graph as a picture. */
import type { AnalysedTarget } from '../analysis/action.ts';
import { fail } from '../model/diagnostic.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { openProject } from './project.ts';
import { targetGraph, toMermaid } from '../graph/target-graph.ts';

export const graph: Command = {
  name: 'graph',
  summary: 'draw what a target is made of',
  usage: '//target… [--output mermaid]',
  examples: [['dsmb graph //cloudTarball', 'a Mermaid flowchart of the targets, with the parameters that they read']],
  options: { ...WORKSPACE_OPTIONS, output: { type: 'string', value: 'FORMAT', help: 'mermaid (default)' } },
  run: runGraph,
};

async function runGraph(call: Call): Promise<number> {
  if (call.operands.length === 0) fail('USAGE', 'dsmb graph needs a target', { hint: 'dsmb graph //cloudTarball' });
  const format = call.text('output') ?? 'mermaid';
  if (format !== 'mermaid') fail('USAGE', `--output: '${format}' is not known`, { hint: '--output mermaid' });
  const { targets, loaded } = await openProject(call);
  process.stdout.write(toMermaid(targetGraph(targets satisfies readonly AnalysedTarget[], loaded)));
  return EXIT.ok;
}

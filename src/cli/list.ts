/** `dsmb list`: the targets and parameters of a project, with their documentation. */
import { formatValue } from './values.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { openProject } from './project.ts';

export const list: Command = {
  name: 'list',
  summary: 'show targets and parameters',
  usage: '[//package/...]',
  examples: [
    ['dsmb list', 'the targets and parameters of this project'],
    ['dsmb list //guest/...', 'those of a package'],
  ],
  options: WORKSPACE_OPTIONS,
  run: runList,
};

async function runList(call: Call): Promise<number> {
  const { loaded } = await openProject({ ...call, operands: call.operands.length > 0 ? call.operands : ['//...'] });
  const targets = [...loaded.targets].map(([label, { kind }]) => [label, kind.name] as const);
  const width = Math.max(0, ...targets.map(([label]) => label.length));
  console.log('Targets');
  for (const [label, kind] of targets) console.log(`  ${label.padEnd(width)}  ${kind}`);
  if (loaded.parameters.size === 0) return EXIT.ok;
  console.log('\nParameters (--set name=value)');
  for (const [name, parameter] of loaded.parameters) {
    const { doc, format, default: value } = parameter.type === 'target' ? parameter.parameter : parameter;
    console.log(`  ${name}=${format}\n      ${doc} (default: ${formatValue(value, loaded)})`);
  }
  return EXIT.ok;
}

/** `dsmb list`: the targets and parameters of a project, with their documentation. */
import { BuildFileSources } from '../load/source.ts';
import { packageOf } from '../load/workspace.ts';
import { splitLabel } from '../model/label.ts';
import { formatValue } from '../load/format-value.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject } from '../analysis/project.ts';
import { requestOf } from './request.ts';
import { printLine } from '../report/print.ts';

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
  const { loaded } = await openProject({
    ...requestOf(call),
    operands: call.operands.length > 0 ? call.operands : ['//...'],
  });
  const sources = new BuildFileSources();
  const docs = new Map(loaded.files.map((file) => [packageOf(loaded.root, file), sources.docs(file)]));
  printLine('Targets');
  for (const [label, { kind }] of loaded.targets) {
    const { packageName, name } = splitLabel(label);
    printLine(`  ${label} (${kind.name})`);
    const doc = docs.get(packageName)?.get(name);
    if (doc) printLine(`      ${doc}`);
  }
  if (loaded.parameters.size === 0) return EXIT.ok;
  printLine('\nParameters (--set name=value)');
  for (const [name, parameter] of loaded.parameters) {
    const { doc, format, default: value } = parameter.type === 'target' ? parameter.parameter : parameter;
    printLine(`  ${name}=${format}\n      ${doc} (default: ${formatValue(value, loaded)})`);
  }
  return EXIT.ok;
}

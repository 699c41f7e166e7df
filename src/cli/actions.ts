/** `dsmb actions`: the action graph of targets, with keys as far as they are known without running anything. */
import { Store, storeRoot } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import { storedToolchains } from '../execute/toolchains/stored-toolchains.ts';
import { fail } from '../model/diagnostic.ts';
import { shellWord } from '../model/shell-word.ts';
import { formatDigest } from '../model/digest.ts';
import { describe } from '../plan/content.ts';
import { Forecaster, type Forecast } from '../plan/forecast.ts';
import type { Part } from '../plan/parts.ts';
import { palette, plural } from '../report/format.ts';
import { actionId } from '../model/event.ts';
import { graphBelow } from '../analysis/targets-below.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { openProject } from '../analysis/project.ts';
import { requestOf } from './request.ts';
import { printJson, printLine } from '../report/print.ts';

export const actions: Command = {
  name: 'actions',
  summary: 'show the action graph: commands, inputs, outputs, keys',
  usage: '//target…',
  examples: [
    ['dsmb actions //cloudTarball', 'show every action of a build'],
    ['dsmb actions //cloudTarball --json', 'print JSON, with everything that goes into each key'],
  ],
  options: { ...WORKSPACE_OPTIONS, json: { type: 'boolean', help: 'print JSON' } },
  run: runActions,
};

/** One action as it is shown. */
interface Shown {
  readonly action: string;
  readonly label: string;
  readonly mnemonic: string;
  readonly state: Forecast['state'];
  /** `hash/size`, or null while it is not known. */
  readonly key: string | null;
  /** The actions that must run before the key is known. */
  readonly unknownUntil: readonly string[];
  readonly command: readonly string[];
  readonly inputs: Readonly<Record<string, string>>;
  readonly toolchains: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly needs: ActionNode['needs'];
  /** All that the key is made of. */
  readonly parts: readonly Part[];
}

async function runActions(call: Call): Promise<number> {
  if (call.operands.length === 0) fail('USAGE', 'dsmb actions needs a target', { hint: 'dsmb list shows the targets' });
  const { root, targets } = await openProject(requestOf(call));
  const store = new Store(storeRoot());
  const forecaster = new Forecaster(store, storedToolchains(store, root));
  const shown: Shown[] = [];
  for (const action of graphBelow(targets).actions) shown.push(show(action, await forecaster.of(action)));
  store.sources.save();
  if (call.flag('json')) printJson({ actions: shown });
  else print(shown);
  return EXIT.ok;
}

function show(action: ActionNode, forecast: Forecast): Shown {
  const { label, mnemonic, toolchains, timeoutMs, needs } = action;
  const planned = 'planned' in forecast ? forecast.planned : undefined;
  return {
    action: actionId(action),
    label,
    mnemonic,
    state: forecast.state,
    key: planned ? formatDigest(planned.key) : null,
    unknownUntil: forecast.state === 'unknown' ? forecast.waitsFor.map(actionId) : [],
    command: planned?.command.argv ?? commandOf(action),
    inputs: Object.fromEntries([...action.inputs].map(([name, input]) => [name, describe(input)])),
    toolchains: toolchains.map(describe),
    outputs: Object.fromEntries(
      Object.entries(action.outputs).map(([key, { name, kind }]) => [key, `${name} (${kind.name})`]),
    ),
    timeoutMs,
    needs,
    parts: planned?.parts() ?? [],
  };
}

function commandOf({ work }: ActionNode): readonly string[] {
  switch (work.type) {
    case 'write':
      return ['dsmb-write'];
    case 'run':
      return work.argv;
    case 'step':
      return ['/usr/bin/node', '/dsmb/step.mjs'];
  }
}

function print(shown: readonly Shown[]): void {
  const { bold, dim, green, yellow } = palette(process.stdout);
  for (const one of shown) {
    const state = one.state === 'cached' ? green('cached') : yellow(one.state === 'runs' ? 'stale' : 'not known');
    printLine(`${bold(one.label)} ${one.action.slice(one.label.length + 1)} ${dim('[')}${state}${dim(']')}`);
    const module = one.parts.find(({ kind }) => kind === 'step')?.name;
    row('command', [one.command.map(shellWord).join(' '), ...(module ? [dim(module)] : [])].join('  '));
    for (const [name, from] of Object.entries(one.inputs)) row('input', `${name} ${dim('←')} ${from}`);
    for (const from of one.toolchains) row('toolchain', from);
    for (const name of Object.values(one.outputs)) row('output', name);
    row('key', one.key ?? unknownKey(one));
  }
  printLine(plural(shown.length, 'action'));
}

function row(name: string, text: string): void {
  printLine(`  ${name.padEnd(9)} ${text}`);
}

function unknownKey({ unknownUntil }: Shown): string {
  if (unknownUntil.length === 0) return 'unknown until the packages of its toolchains are fetched';
  return `unknown until ${unknownUntil.join(', ')} ${unknownUntil.length === 1 ? 'has' : 'have'} run`;
}

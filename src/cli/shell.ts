/** `dsmb shell`: a shell, or one command, in the sandbox of an action, also of one that fails. */
import { Store, storeRoot } from '../../cache/store.ts';
import type { ActionNode, AnalysedTarget } from '../analysis/action.ts';
import { RUN_AGAIN, runShell } from '../execute/by-hand/shell.ts';
import { fail, toDiagnostic } from '../model/diagnostic.ts';
import { shellWord } from '../model/shell-word.ts';
import type { PlannedAction } from '../plan/key.ts';
import { ConsoleReporter } from '../report/console.ts';
import { palette } from '../report/format.ts';
import { interruption } from './build.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT, exitOfBuild } from './exit.ts';
import { openProject } from '../analysis/project.ts';
import { requestOf } from './request.ts';
import { Workshop } from './workshop.ts';
import { printText } from '../report/print.ts';

export const shell: Command = {
  name: 'shell',
  summary: 'open a shell, or run a command, in the sandbox of an action',
  usage: '//target [--action MNEMONIC] [-- program args…]',
  examples: [
    ['dsmb shell //bootPartition', 'look around: inputs at /in, a scratch /out; `run` does what the action does'],
    ['dsmb shell //installedDisk -- qemu-img --version', 'one program of its toolchains'],
    ['dsmb shell //cloudTarball -- /dsmb/run', 'what the action does, without keeping anything'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    action: { type: 'string', value: 'MNEMONIC', help: 'which of the actions of the target (dsmb actions shows them)' },
    frozen: { type: 'boolean', help: 'fail if toolchain.lock.json would change' },
  },
  takesRest: true,
  run: runShellCommand,
};

async function runShellCommand(call: Call): Promise<number> {
  const { root, targets } = await openProject(requestOf(call));
  const [target, ...more] = targets;
  if (!target || more.length > 0) fail('USAGE', 'dsmb shell needs one target', { hint: 'dsmb list shows the targets' });
  const node = chosenAction(target, call.text('action'));
  const store = new Store(storeRoot());
  const { signal } = interruption();
  using console = new ConsoleReporter();
  using workshop = await Workshop.open(call, { store, root, onEvent: console.listen, signal });
  const build = workshop.build({ keepGoing: false });
  const planned = await build.prepare(node);
  store.sources.save();
  await workshop.finishSharing();
  if (signal.aborted) return EXIT.interrupted;
  if (!planned) return exitOfBuild(build.failures);
  console[Symbol.dispose]();
  return await runShell(store, workshop.machine, planned, {
    argv: call.rest,
    busybox: () => workshop.packages.of(['busybox-static'], false).catch((error: unknown) => noShell(node, error)),
    onReady: () => printText(greeting(planned), process.stderr),
  });
}

/** The one that makes what the target stands for, unless another is named. */
function chosenAction({ label, artifact, actions }: AnalysedTarget, name: string | undefined): ActionNode {
  const processes = actions.filter(({ work }) => work.type !== 'write');
  const names = processes.map(({ mnemonic }) => mnemonic);
  const { origin } = artifact;
  const made = origin.type === 'action' && processes.includes(origin.action) ? origin.action : undefined;
  const found = name === undefined ? (made ?? processes.at(-1)) : processes.find(({ mnemonic }) => mnemonic === name);
  if (found) return found;
  if (names.length === 0)
    fail('NO_SHELL', `${label} has no action that runs a program`, { hint: `dsmb query 'deps(${label})'` });
  return fail('USAGE', `${label} has no action ${name}`, { hint: `--action ${[...new Set(names)].join(', or ')}` });
}

function noShell({ label }: ActionNode, error: unknown): never {
  return fail('NO_SHELL', `the toolchains of ${label} have no shell, and busybox cannot be fetched`, {
    detail: toDiagnostic(error).message,
    hint: `run a program that it has: dsmb shell ${label} -- PROGRAM; or add dash to a toolchain of the rule`,
  });
}

function greeting({ node, command, inputs }: PlannedAction): string {
  const { bold, dim } = palette(process.stderr);
  const list = (names: Iterable<string>) => [...names].join(' ') || 'nothing';
  return [
    `${bold(`${node.label} (${node.mnemonic})`)} ${dim('leave with exit; nothing is kept')}`,
    `  /in   ${list(inputs.keys())}`,
    `  /out  to be written: ${list(Object.values(node.outputs).map(({ name }) => name))}`,
    `  run   ${command.argv.map(shellWord).join(' ')} ${dim(`(${RUN_AGAIN})`)}`,
    '',
  ].join('\n');
}

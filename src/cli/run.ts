/** `dsmb run`: builds what a runnable target needs, then starts it with the user's terminal. */
import { Store, storeRoot } from '../../cache/store.ts';
import type { Build } from '../execute/build.ts';
import { lentTo } from '../execute/by-hand/lend.ts';
import { startRunnable, type RunnableOptions } from '../execute/by-hand/start-runnable.ts';
import { failureOfStep } from '../execute/failure/failed-step.ts';
import type { StepRecord } from '../execute/records/step-record.ts';
import { fail } from '../model/diagnostic.ts';
import { Runnable } from '../model/kinds.ts';
import type { Label } from '../model/label.ts';
import type { Loaded } from '../load/load.ts';
import type { PlannedAction } from '../plan/key.ts';
import { ConsoleReporter } from '../report/console.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { palette } from '../report/format.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT, exitOfBuild } from './exit.ts';
import { openProject, type Project } from '../analysis/project.ts';
import { requestOf } from './request.ts';
import { runnableAction } from '../analysis/runnable.ts';
import { Workshop } from './workshop.ts';
import { printBesideProgram, printLine } from '../report/print.ts';

export const run: Command = {
  name: 'run',
  summary: 'run a target that has an effect; never cached',
  usage: '//target [options] [-- argument…]',
  examples: [
    ['dsmb run //bootedDisk', 'boot the disk, with its serial console on this terminal'],
    ['dsmb run //bootedDisk -- -vnc :1', 'pass what follows -- to the program'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    frozen: { type: 'boolean', help: 'fail if toolchain.lock.json would change' },
  },
  takesRest: true,
  run: runTarget,
};

async function runTarget(call: Call): Promise<number> {
  if (call.operands.length === 0)
    fail('USAGE', 'dsmb run needs a target', { hint: "dsmb query 'kind(^Runnable$, //...)'" });
  if (call.operands.length > 1) oneTarget(call.operands);
  const project = await openProject(requestOf(call));
  const store = new Store(storeRoot());
  const ending = interruptions();
  const console = new ConsoleReporter();
  const setting = { store, root: project.root, onEvent: console.listen, signal: ending.signal };
  using workshop = await Workshop.open(call, setting);
  const build = workshop.build({ keepGoing: false });
  const planned = await prepare(project, build).finally(() => console[Symbol.dispose]());
  store.sources.save();
  await workshop.finishSharing();
  if (ending.signal.aborted) {
    printLine('interrupted; run the same command to continue', process.stderr);
    return EXIT.interrupted;
  }
  if (!planned) return exitOfBuild(build.failures);
  ending.started();
  const lent = lentTo(planned);
  for (const { path, use } of lent) printLine(`it borrows ${path} (${use})`, process.stderr);
  return await start(store, workshop, planned, { userArguments: call.rest, lent, signal: ending.signal });
}

/** Runs it to its end, and then says how its step failed, if it did. */
async function start(
  store: Store,
  { machine }: Workshop,
  planned: PlannedAction,
  options: Omit<RunnableOptions, 'onRecord'>,
): Promise<number> {
  const paint = palette(process.stderr);
  const failures: (StepRecord & { type: 'diagnostic' })[] = [];
  const exitCode = await startRunnable(store, machine, planned, {
    ...options,
    onRecord: (record) => {
      if (record.type === 'diagnostic') failures.push(record);
      if (record.type === 'progress') printBesideProgram(paint.dim(`      ${record.stage}`), process.stderr);
    },
  });
  for (const failure of failures)
    printLine(formatDiagnostic(await failureOfStep(planned, failure), paint), process.stderr);
  return exitCode;
}

function oneTarget([target, ...others]: readonly string[]): never {
  return fail('USAGE', 'dsmb run takes one target; put arguments for its program after --', {
    hint: `dsmb run ${target} -- ${others.join(' ')}`,
  });
}

function prepare({ targets, loaded }: Project, build: Build): Promise<PlannedAction | undefined> {
  const [target] = targets;
  const action = target && runnableAction(target);
  if (!target || !action) return notRunnable(target?.label, loaded);
  return build.prepare(action);
}

function notRunnable(label: Label | undefined, { targets }: Loaded): never {
  const others = [...targets].flatMap(([one, { kind }]) => (kind.name === Runnable.name ? [one] : []));
  return fail('NOT_RUNNABLE', label ? `${label} is built, not run` : 'there is no target to run', {
    hint: others.length > 0 ? `what can be run: ${others.join(', ')}` : 'dsmb build builds what is not run',
  });
}

/** Ctrl-C ends a build; once the program runs it is the program's. Other signals end both. */
function interruptions(): { readonly signal: AbortSignal; readonly started: () => void } {
  const controller = new AbortController();
  let running = false;
  process.on('SIGINT', () => running || controller.abort());
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  return { signal: controller.signal, started: () => void (running = true) };
}

/** `dsmb build`: brings targets up to date. */
import { Store, storeRoot } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { LabelledArtifact } from '../analysis/action.ts';
import type { Build, BuildResult } from '../execute/build.ts';
import { requireOwnOutputFolder } from '../load/output-folder.ts';
import { Starts, type FirstStep } from '../execute/process/starts.ts';
import { storedXz } from '../execute/toolchains/stored-toolchains.ts';
import { LauncherText } from '../ledger/launcher-text.ts';
import { leave } from '../ledger/leave.ts';
import { Ledger } from '../ledger/ledger.ts';
import { openBuild } from '../ledger/open.ts';
import type { Opened } from '../ledger/opened.ts';
import { fail } from '../model/diagnostic.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { Delivering } from '../deliver/delivering.ts';
import { EXIT, exitOfBuild } from './exit.ts';
import { LastActions } from './last-actions.ts';
import { BUILDING_OPTIONS, Observers } from './observe.ts';
import { explaining, partsKeeper } from './recording.ts';
import { requestOf } from './request.ts';
import { keepWithinBound, rememberDelivered } from './upkeep.ts';
import { Workshop } from './workshop.ts';

export const build: Command = {
  name: 'build',
  summary: 'build targets; run only what is stale',
  usage: '//target… [--set name=value]…',
  examples: [
    ['dsmb build //cloudTarball', 'build a target and everything it depends on'],
    ['dsmb build //cloudTarball --set mac=52:54:00:aa:bb:cc', 'build it with another value of a parameter'],
    ['dsmb build //cloudTarball --skip-validations', 'skip the boot that verifies the image'],
    ['dsmb build //guest/...', 'build everything below a package'],
    ['dsmb build //cloudTarball --profile trace.json', 'record where the time goes; open the file in ui.perfetto.dev'],
    ['dsmb build //cloudTarball --ui', 'watch it in a browser'],
    ['dsmb build //bootPartition --check', 'check whether the same inputs give the same bits'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    'keep-going': { type: 'boolean', short: 'k', help: 'after a failure, continue with what does not depend on it' },
    'skip-validations': { type: 'boolean', help: 'skip targets that only gate others' },
    unsandboxed: {
      type: 'boolean',
      help: 'run actions without a sandbox: what they read is not checked, and their results are kept apart',
    },
    check: {
      type: 'string',
      bare: '1',
      value: 'N',
      help: 'run actions again, once or N times, and show where their outputs differ from the cached ones',
    },
    frozen: { type: 'boolean', help: 'fail if toolchain.lock.json would change' },
    ...BUILDING_OPTIONS,
  },
  run: runBuild,
};

async function runBuild(call: Call): Promise<number> {
  const started = performance.now();
  if (call.operands.length === 0)
    fail('USAGE', 'dsmb build needs at least one target', { hint: 'dsmb list shows the targets' });
  const store = new Store(storeRoot());
  const ledger = new Ledger(store, requestOf(call));
  using starts = new Starts(store);
  const opened = await openBuild(ledger, () => starts.guess(ledger.family.first));
  const { scope } = opened;
  const { launcher } = ledger.request;
  const text = launcher === undefined ? undefined : new LauncherText(launcher);
  using last = opened.prepare && new LastActions(opened.prepare);
  const listeners = [last, text].flatMap((one) => (one ? [one.listen] : []));
  using observers = await Observers.open(call, store, scope, ...listeners);
  const interrupt = interruption();
  const { result, build, firstStep } = await execute(call, store, opened, observers, interrupt.signal, starts);
  const { success } = result;
  const reported = await observers.finish(success, { startedAt: started, signal: interrupt.signal });
  const { recorder } = observers;
  const ran = observers.counts().executed > 0;
  const missing = leave(ledger, opened, { success, ran, firstStep, settledBy: build.settled, text, recorder });
  missing.forEach(observers.noteAfterwards);
  const exit = success ? reported : exitOfBuild(result.failures);
  const interrupted = interrupt.signal.aborted;
  await observers.leave(interrupt.signal);
  return interrupted ? EXIT.interrupted : exit;
}

interface Executed {
  readonly result: BuildResult;
  readonly build: Build;
  readonly firstStep: FirstStep | undefined;
}

async function execute(
  call: Call,
  store: Store,
  { scope, notes }: Opened,
  observers: Observers,
  signal: AbortSignal,
  starts: Starts,
): Promise<Executed> {
  const { root, targets, gates, settled } = scope;
  const { listen: onEvent, past, jobs } = observers;
  requireOwnOutputFolder(root);
  using workshop = await Workshop.open(call, {
    ...{ store, root, onEvent, signal, starts },
    explaining: explaining(store, scope),
  });
  const times = timesToCheck(call);
  const willCheck = times > 0;
  observers.begin(scope, notes);
  const onPlanned = partsKeeper(store, scope);
  const limits = { past, ...(jobs === undefined ? {} : { jobs }) };
  const options = {
    keepGoing: call.flag('keep-going'),
    willCheck,
    settled,
    onPlanned,
    ...limits,
  };
  const build = workshop.build(options);
  const onDelivered = (target: LabelledArtifact, node: Node): void =>
    rememberDelivered(store, scope, target, node, {
      build,
      packages: workshop.packages.used(),
    });
  const { elsewhere } = workshop;
  const delivering = new Delivering({ store, root, elsewhere, signal, onEvent, onDelivered });
  const started = performance.now();
  let built = started;
  const result = await build.run(targets, gates, (artifacts) => {
    observers.phase('execute', started);
    built = performance.now();
    return delivering.begin(targets, artifacts);
  });
  store.sources.save();
  const undelivered = await delivering.finish(build);
  observers.phase('deliver', built);
  await workshop.finishSharing();
  const wrong = willCheck && result.success ? await build.recheck(times, root, await storedXz(store, root)) : [];
  if (!signal.aborted) await keepWithinBound(store, onEvent);
  const failures = [...build.failures, ...undelivered, ...wrong];
  const success = result.success && failures.length === 0;
  return { result: { ...result, success, failures }, build, firstStep: workshop.machine.firstStep };
}

function timesToCheck(call: Call): number {
  const text = call.text('check');
  if (text === undefined) return 0;
  if (!/^[1-9]\d{0,3}$/.test(text))
    fail('USAGE', `--check takes a number of runs from 1 to 9999, not '${text}'`, {
      hint: 'dsmb build //target --check=3',
    });
  return Number(text);
}

/** Ctrl-C, and the signals that mean the same: everything that runs is ended, then the build reports. The reason is the signal's name. */
export function interruption(): { signal: AbortSignal } {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort(name));
  return controller;
}

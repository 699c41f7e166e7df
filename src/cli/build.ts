/** `dsmb build`: brings targets up to date. */
import { Store, storeRoot } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { AnalysedTarget } from '../analysis/action.ts';
import type { Build, BuildResult } from '../execute/build.ts';
import { requireOwnOutputFolder } from '../execute/output-folder.ts';
import { Starts, type FirstStep } from '../execute/starts.ts';
import { storedXz } from '../execute/stored-toolchains.ts';
import { fail } from '../model/diagnostic.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { Delivering } from './delivering.ts';
import { EXIT, exitOfBuild } from './exit.ts';
import { LastActions } from './last-actions.ts';
import { BUILDING_OPTIONS, Observers } from './observe.ts';
import type { Request } from './project.ts';
import { explaining, partsKeeper } from './recording.ts';
import { familyId } from './request-id.ts';
import { keepFirst, recallFirst } from './snapshot/memory.ts';
import { openRequest, type Opened } from './snapshot/opened.ts';
import { Snapshot } from './snapshot/snapshot.ts';
import { keepWithinBound, rememberDelivered } from './upkeep.ts';
import { Workshop } from './workshop.ts';

export const build: Command = {
  name: 'build',
  summary: 'build targets; only what is stale runs',
  usage: '//target… [--set name=value]…',
  examples: [
    ['dsmb build //cloudTarball', 'build a target and all that it is made of'],
    ['dsmb build //cloudTarball --set mac=52:54:00:aa:bb:cc', 'the same with another parameter'],
    ['dsmb build //cloudTarball --skip-validations', 'leave out the verify boot'],
    ['dsmb build //guest/...', 'everything below a package'],
    ['dsmb build //cloudTarball --profile trace.json', 'where the time goes: open it in ui.perfetto.dev'],
    ['dsmb build //cloudTarball --ui', 'watch it in a browser'],
    ['dsmb build //bootPartition --check', 'whether the same inputs give the same bits'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    'keep-going': { type: 'boolean', short: 'k', help: 'after a failure, go on with what does not depend on it' },
    'skip-validations': { type: 'boolean', help: 'leave out targets that only gate others' },
    unsandboxed: {
      type: 'boolean',
      help: 'run actions on this machine itself: what they read is not checked, their results are kept apart',
    },
    check: {
      type: 'string',
      bare: '1',
      value: 'N',
      help: 'run actions again, once or N times, and say where their outputs differ from those in the cache',
    },
    frozen: { type: 'boolean', help: 'fail when toolchain.lock.json would change' },
    ...BUILDING_OPTIONS,
  },
  run: runBuild,
};

async function runBuild(call: Call): Promise<number> {
  const started = performance.now();
  if (call.operands.length === 0)
    fail('USAGE', 'dsmb build needs at least one target', { hint: 'dsmb list shows the targets' });
  const store = new Store(storeRoot());
  using starts = new Starts(store);
  const opened = await openRequest(call, store, () => starts.guess(recallFirst(store, familyId(call))));
  const { request } = opened;
  const snapshot = Snapshot.of(call);
  using last = opened.prepareToKeep && new LastActions(opened.prepareToKeep);
  const listeners = [last, snapshot].flatMap((one) => (one ? [one.listen] : []));
  using observers = await Observers.open(call, store, request, ...listeners);
  const interrupt = interruption();
  const { result, build, firstStep } = await execute(call, store, request, observers, interrupt.signal, starts);
  const reported = await observers.finish(result.success, performance.now() - started);
  if (result.success) keep(opened, build, snapshot, observers);
  if (observers.counts().executed > 0) attempt(() => keepFirst(store, familyId(call), firstStep));
  const exit = result.success ? reported : exitOfBuild(result.failures);
  const interrupted = interrupt.signal.aborted;
  await observers.leave(interrupt.signal);
  return interrupted ? EXIT.interrupted : exit;
}

/** Whatever is in the way, the build itself is done. */
function keep(opened: Opened, build: Build, snapshot: Snapshot | undefined, { recorder }: Observers): void {
  if (clockWasSet()) return;
  attempt(() => {
    const restedOn = opened.keep((action) => build.settled(action));
    if (restedOn) snapshot?.save(opened.request, restedOn, recorder);
  });
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // A read-only store, a file that has just gone, a program that is missing: the next build looks again.
  }
}

/** The wall clock and the one that nobody sets drift apart by less than this during a build. */
const CLOCK_TOLERANCE_MS = 20;

function clockWasSet(): boolean {
  return Math.abs(Date.now() - performance.timeOrigin - performance.now()) > CLOCK_TOLERANCE_MS;
}

interface Executed {
  readonly result: BuildResult;
  readonly build: Build;
  readonly firstStep: FirstStep | undefined;
}

async function execute(
  call: Call,
  store: Store,
  request: Request,
  observers: Observers,
  signal: AbortSignal,
  starts: Starts,
): Promise<Executed> {
  const { root, targets, settled } = request;
  const { listen: onEvent, past, jobs } = observers;
  requireOwnOutputFolder(root);
  using workshop = await Workshop.open(call, {
    ...{ store, root, onEvent, signal, starts },
    explaining: explaining(store, request),
  });
  const skipValidations = call.flag('skip-validations');
  const times = timesToCheck(call);
  const willCheck = times > 0;
  observers.begin(request, skipValidations);
  for (const message of request.warnings ?? []) onEvent({ type: 'warning', message });
  const onPlanned = partsKeeper(store, request);
  const limits = { past, ...(jobs === undefined ? {} : { jobs }) };
  const options = {
    keepGoing: call.flag('keep-going'),
    skipValidations,
    willCheck,
    settled,
    onPlanned,
    ...limits,
  };
  const build = workshop.build(options);
  const onDelivered = (target: AnalysedTarget, node: Node): void =>
    rememberDelivered(store, request, target, node, { build, packages: workshop.packages.used() });
  const { elsewhere } = workshop;
  const delivering = new Delivering({ store, root, elsewhere, signal, onEvent, onDelivered });
  const started = performance.now();
  let built = started;
  const result = await build.run(targets, (artifacts) => {
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
    fail('USAGE', `--check=${text}: it must be a number of runs, from 1 to 9999`, {
      hint: 'dsmb build //target --check=3',
    });
  return Number(text);
}

/** Ctrl-C, and the signals that mean the same: everything that runs is ended, then the build reports. */
export function interruption(): { signal: AbortSignal } {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
  return controller;
}

/** `dsmb build`: brings targets up to date. */
import { join, resolve } from 'node:path';
import { Store, storeRoot } from '../../cache/store.ts';
import type { AnalysedTarget } from '../analysis/action.ts';
import { Build, validationsOf, type BuildResult } from '../execute/build.ts';
import { Machine } from '../execute/machine.ts';
import { PackageTrees } from '../execute/package-trees.ts';
import { Toolroots } from '../execute/toolroots.ts';
import { fail, type Diagnostic } from '../model/diagnostic.ts';
import type { BuildEvent, Listener } from '../model/event.ts';
import { ReportCollector } from '../report/build-report.ts';
import { ConsoleReporter } from '../report/console.ts';
import { deliver } from '../report/outputs.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { openProject, type Project } from './project.ts';
import { partsKeeper, recordBuild } from './recording.ts';
import { buildable } from './runnable.ts';
import { keepWithinBound, rememberDelivered } from './upkeep.ts';

export const build: Command = {
  name: 'build',
  summary: 'build targets; only what is stale runs',
  usage: '//target… [--set name=value]…',
  examples: [
    ['dsmb build //cloudTarball', 'build a target and all that it is made of'],
    ['dsmb build //cloudTarball --set mac=52:54:00:aa:bb:cc', 'the same with another parameter'],
    ['dsmb build //cloudTarball --skip-validations', 'leave out the verify boot'],
    ['dsmb build //guest/...', 'everything below a package'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    'keep-going': { type: 'boolean', short: 'k', help: 'after a failure, go on with what does not depend on it' },
    'skip-validations': { type: 'boolean', help: 'leave out targets that only gate others' },
    frozen: { type: 'boolean', help: 'fail when toolchain.lock.json would change' },
    'build-report': { type: 'string', value: 'FILE', help: 'write a JSON report of every action' },
  },
  run: runBuild,
};

async function runBuild(call: Call): Promise<number> {
  const started = performance.now();
  if (call.operands.length === 0)
    fail('USAGE', 'dsmb build needs at least one target', { hint: 'dsmb list shows the targets' });
  const project = buildable(await openProject(call), call.operands);
  const store = new Store(storeRoot());
  const collector = new ReportCollector();
  const recorder = recordBuild(store, project);
  using console = new ConsoleReporter();
  const onEvent: Listener = (event) => {
    collector.listen(event);
    recorder.listen(event);
    console.listen(event);
  };
  const interrupt = interruption();
  const result = await execute(call, store, project, onEvent, interrupt.signal);
  const durationMs = performance.now() - started;
  onEvent({ type: 'build-finished', success: result.success, durationMs, counts: collector.counts() });
  const report = call.text('build-report');
  if (report) collector.write(resolve(report), result.success, durationMs);
  if (interrupt.signal.aborted) return EXIT.interrupted;
  return result.success ? EXIT.ok : exitOfFailure(result.failures);
}

/** What the machine is at fault for, and not the build. */
const MACHINE_FAULTS = new Set(['DISK_FULL', 'EDQUOT', 'EIO', 'EMFILE', 'ENOSPC', 'EROFS', 'NO_SANDBOX']);

/** Whose fault a failed build is. */
export function exitOfFailure(failures: readonly Diagnostic[]): number {
  return failures.some(({ code }) => MACHINE_FAULTS.has(code)) ? EXIT.infrastructure : EXIT.buildFailed;
}

async function execute(
  call: Call,
  store: Store,
  project: Project,
  onEvent: Listener,
  signal: AbortSignal,
): Promise<BuildResult> {
  const { root, targets } = project;
  using _use = store.use();
  store.sweep();
  const packages = packageTrees(call, root, store, onEvent, signal);
  const toolroots = new Toolroots(store, packages);
  using machine = new Machine(store, toolroots);
  const skipValidations = call.flag('skip-validations');
  onEvent(startEvent(targets, skipValidations));
  const onPlanned = partsKeeper(store, project);
  const options = { keepGoing: call.flag('keep-going'), skipValidations, signal, onEvent, onPlanned };
  const build = new Build(store, toolroots, machine, options);
  const result = await build.run(targets);
  store.sources.save();
  for (const target of targets) {
    const node = result.artifacts.get(target.label);
    if (!node || signal.aborted) continue;
    onEvent({ type: 'output', label: target.label, path: await deliver(store, root, target, node) });
    rememberDelivered(store, root, target, node, { keys: build.keysOf(target), packages: packages.used() });
  }
  if (!signal.aborted) await keepWithinBound(store, onEvent);
  return result;
}

/** The Debian packages of a build, as its options want them. */
export function packageTrees(
  call: Call,
  root: string,
  store: Store,
  onEvent: Listener,
  signal: AbortSignal,
): PackageTrees {
  const context = {
    lockFile: join(root, 'toolchain.lock.json'),
    frozen: call.flag('frozen'),
    warn: (message: string) => onEvent({ type: 'warning', message }),
    signal,
  };
  return new PackageTrees(store, context, (set, stage, percent) =>
    onEvent({ type: 'package-progress', set, stage, ...(percent === undefined ? {} : { percent }) }),
  );
}

/** What a build begins with. */
export function startEvent(targets: readonly AnalysedTarget[], skipValidations: boolean): BuildEvent {
  const seen = new Set<AnalysedTarget>();
  const visit = (target: AnalysedTarget): void => {
    if (seen.has(target)) return;
    seen.add(target);
    target.dependencies.forEach(visit);
  };
  [...targets, ...(skipValidations ? [] : validationsOf(targets))].forEach(visit);
  const actions = [...seen].reduce((sum, { actions }) => sum + actions.length, 0);
  return { type: 'build-started', targets: targets.map(({ label }) => label), actions };
}

/** Ctrl-C, and the signals that mean the same: everything that runs is ended, then the build reports. */
export function interruption(): { signal: AbortSignal } {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
  return controller;
}

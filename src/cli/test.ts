/** `dsmb test`: runs what checks targets, and says what passed. */
import { randomUUID } from 'node:crypto';
import { Store, storeRoot } from '../../cache/store.ts';
import type { AnalysedTarget } from '../analysis/action.ts';
import type { BuildOptions } from '../execute/build.ts';
import { testsOf } from '../graph/tests.ts';
import { findTarget } from '../load/load.ts';
import { fail, type Diagnostic } from '../model/diagnostic.ts';
import type { Listener } from '../model/event.ts';
import { palette } from '../report/format.ts';
import { junitXml } from '../report/junit.ts';
import { countVerdicts, formatTests, TestCollector, type TestReport, type TestRun } from '../report/tests.ts';
import { scopeOf, type Scope } from '../ledger/scope.ts';
import { interruption } from './build.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT, exitOfBuild } from './exit.ts';
import { BUILDING_OPTIONS, Observers } from './observe.ts';
import { openProject, type Project } from '../analysis/project.ts';
import { requestOf } from './request.ts';
import { partsKeeper } from './recording.ts';
import { keepWithinBound } from './upkeep.ts';
import { Workshop } from './workshop.ts';

export const test: Command = {
  name: 'test',
  summary: 'run the tests among targets, and those that check them',
  usage: '//target… [--runs-per-test N] [--junit FILE]',
  examples: [
    ['dsmb test //...', 'every test of the project; what passed before with the same inputs does not run'],
    ['dsmb test //cloudTarball', 'what checks one target'],
    ['dsmb test //... --junit tests.xml', 'the results for continuous integration'],
    ['dsmb test //verifiedDisk --runs-per-test 5', 'is it flaky? runs it five times, whatever is cached'],
  ],
  options: {
    ...WORKSPACE_OPTIONS,
    'runs-per-test': { type: 'string', value: 'N', help: 'run each test N times, without the cache' },
    'fail-fast': { type: 'boolean', help: 'stop at the first failure instead of running every test' },
    junit: { type: 'string', value: 'FILE', help: 'write the results as JUnit XML' },
    frozen: { type: 'boolean', help: 'fail if toolchain.lock.json would change' },
    ...BUILDING_OPTIONS,
  },
  run: runTests,
};

/** What a test run works with. */
interface Session {
  readonly call: Call;
  /** Its targets are the tests. What gates the things that they look at is another's business. */
  readonly scope: Scope;
  readonly store: Store;
  readonly signal: AbortSignal;
  readonly observers: Observers;
}

interface Outcome {
  readonly reports: readonly TestReport[];
  readonly failures: readonly Diagnostic[];
}

async function runTests(call: Call): Promise<number> {
  const started = performance.now();
  if (call.operands.length === 0) fail('USAGE', 'dsmb test needs at least one target', { hint: 'dsmb test //...' });
  const runs = runsOf(call);
  const project = await openProject(requestOf(call));
  const tests = testsAmong(project);
  if (tests.length === 0)
    fail('NO_TESTS', `nothing checks ${call.operands.join(' ')}`, {
      hint: call.operands.includes('//...')
        ? 'declare one with `test` of dsmb/rules'
        : "dsmb query 'tests(//...)' lists the tests",
    });
  const store = new Store(storeRoot());
  const { signal } = interruption();
  // Tests leave nothing for the next build: what keeps a build from it is not their concern.
  const scope = scopeOf({ ...project, targets: tests, warnings: [] }, true);
  using observers = await Observers.open(call, store, scope);
  const outcome = await execute({ call, scope, store, signal, observers }, runs);
  const success = outcome.failures.length === 0 && !signal.aborted;
  const junit = junitXml(outcome.reports);
  const reported = await observers.finish(success, { startedAt: started, signal }, { junit });
  const out = observers.takesStandardOutput ? process.stderr : process.stdout;
  out.write(`${formatTests(outcome.reports, palette(out))}\n`);
  const interrupted = signal.aborted;
  await observers.leave(signal);
  return interrupted ? EXIT.interrupted : exitCodeOf(outcome, call.flag('fail-fast')) || reported;
}

function runsOf(call: Call): number | undefined {
  const text = call.text('runs-per-test');
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) fail('USAGE', `--runs-per-test: '${text}' is not a number from 1 to 9999`);
  return Number(text);
}

/** The same targets that the query `tests(…)` names, and those that gate others without having a name. */
function testsAmong({ targets, loaded, analysis }: Project): AnalysedTarget[] {
  const found = targets.flatMap((target) => {
    const declared = loaded.targets.has(target.label) ? findTarget(loaded, target.label) : undefined;
    return declared ? testsOf(declared).map((one) => analysis.target(one)) : [];
  });
  return [...new Set(found)];
}

async function execute(session: Session, runs: number | undefined): Promise<Outcome> {
  const { call, scope, store, signal, observers } = session;
  const { targets: tests } = scope;
  const { listen: onEvent, past, jobs } = observers;
  using workshop = await Workshop.open(call, { store, root: scope.root, onEvent, signal });
  const options = {
    keepGoing: !call.flag('fail-fast'),
    past,
    ...(jobs === undefined ? {} : { jobs }),
  };
  observers.begin(scope);
  const keepParts = partsKeeper(store, scope);
  const all: TestRun[][] = tests.map(() => []);
  const failures: Diagnostic[] = [];
  for (let run = 1; run <= (runs ?? 1) && !signal.aborted; run++) {
    const collector = new TestCollector();
    const listen: Listener = (event) => {
      collector.listen(event);
      onEvent(event);
    };
    const salt = runs === undefined ? noSalt : saltOf(tests);
    const onPlanned: typeof keepParts = (planned) => salt(planned.node) === '' && keepParts(planned);
    const build = workshop.build({ ...options, saltOf: salt, onPlanned, onEvent: listen });
    const result = await build.run(tests);
    for (const [index, { label }] of tests.entries())
      all[index]!.push(collector.run(label, result.artifacts.has(label)));
    failures.push(...result.failures);
    if (call.flag('fail-fast') && result.failures.length > 0) break;
  }
  store.sources.save();
  await workshop.finishSharing();
  if (!signal.aborted) await keepWithinBound(store, onEvent);
  return { reports: tests.map(({ label }, index) => ({ label, runs: all[index]! })), failures };
}

const noSalt = (): string => '';

/** A key of its own for each run of the tests' own actions; what they look at comes from the cache. */
function saltOf(tests: Scope['targets']): NonNullable<BuildOptions['saltOf']> {
  const labels = new Set(tests.map(({ label }) => label));
  const salt = randomUUID();
  return ({ label }) => (labels.has(label) ? salt : '');
}

/** An input that cannot be made is a failed build; a test that says no is a failed test. */
function exitCodeOf({ reports, failures }: Outcome, failFast: boolean): number {
  const counts = countVerdicts(reports);
  const failed = counts.failed + counts.flaky > 0;
  if (exitOfBuild(failures) === EXIT.infrastructure) return EXIT.infrastructure;
  if (counts['not run'] > 0 && !(failFast && failed)) return EXIT.buildFailed;
  return failed ? EXIT.testFailed : EXIT.ok;
}

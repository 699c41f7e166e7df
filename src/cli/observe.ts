/** Who follows a build: the console, its record, and the files that options ask for. For any command that builds. */
import { availableParallelism } from 'node:os';
import type { Store } from '../../cache/store.ts';
import { actionGraph } from '../analysis/action-graph.ts';
import type { Place } from '../execute/schedule/leaving.ts';
import type { PastRuns } from '../execute/schedule/past-runs.ts';
import { artifactsOf, type Scope } from '../ledger/scope.ts';
import type { Because } from '../ledger/because.ts';
import { fail } from '../model/diagnostic.ts';
import type { ActionIdentity, BuildEvent, Listener, Outcome, Phase } from '../model/event.ts';
import type { BuildPage } from '../page/build-page.ts';
import { ReportCollector, type ReportHeader } from '../report/build-report.ts';
import { ConsoleReporter } from '../report/console.ts';
import { linesOf } from '../report/console/lines.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { EventsFile } from '../report/events-file.ts';
import { palette } from '../report/format.ts';
import { Outlook } from '../report/outlook.ts';
import type { BuildRecorder } from '../report/history/recorder.ts';
import { Profile } from '../report/profile.ts';
import type { Call, Option } from './command.ts';
import { EXIT } from './exit.ts';
import { ownVersion } from './help.ts';
import { REMOTE_OPTIONS, remoteSettings } from './remote.ts';
import { pastRuns, recordBuild } from './recording.ts';
import { ReportFiles } from './report-files.ts';
import { printLine } from '../report/print.ts';

/** Options of every command that builds. */
export const BUILDING_OPTIONS: Readonly<Record<string, Option>> = {
  ...REMOTE_OPTIONS,
  jobs: {
    type: 'string',
    short: 'j',
    value: 'N',
    help: 'actions at a time; by default as many as the machine can take',
  },
  quiet: { type: 'boolean', short: 'q', help: 'print only what went wrong' },
  events: { type: 'string', value: 'FILE', help: 'write every event as a line of JSON' },
  profile: { type: 'string', value: 'FILE', help: 'write a trace for chrome://tracing or Perfetto' },
  'build-report': {
    type: 'string',
    value: 'FILE',
    help: 'write the outcome as JSON: outputs, errors, every action',
  },
  ui: { type: 'boolean', help: 'open a page that shows the build as it runs' },
  'ui-port': { type: 'string', value: 'PORT', help: 'port of the page of --ui; by default any free port' },
  html: { type: 'string', value: 'FILE', help: 'write the page of the build as one file' },
};

/** Follows one build from its first event to its last. */
export class Observers implements Disposable {
  /** What actions took before. */
  readonly past: PastRuns;
  /** How many actions run at a time, where that was told. */
  readonly jobs: number | undefined;
  readonly recorder: BuildRecorder;
  readonly #console: ConsoleReporter;
  readonly #collector: ReportCollector;
  readonly #listeners: Listener[];
  readonly #files: ReportFiles;
  readonly #profile: Profile | undefined;
  #page: BuildPage | undefined;

  private constructor(call: Call, store: Store, scope: Scope, files: ReportFiles, more: Listener[]) {
    this.jobs = jobsOf(call);
    this.past = pastRuns(store, scope);
    this.recorder = recordBuild(store, scope);
    this.#collector = new ReportCollector(store, () => reportHeader(scope, this.recorder));
    const graph = once(() => actionGraph(artifactsOf(scope), scope.settled));
    const { executes, jobs: remoteJobs } = remoteSettings(scope.root, call);
    const pastMs = (action: ActionIdentity, place: Place = executes ? 'remote' : 'here'): number | undefined =>
      this.past.expectedMs(action, place);
    const slots = (this.jobs ?? availableParallelism()) + (executes ? remoteJobs : 0);
    const outlook = new Outlook(graph, pastMs, slots);
    const events = files.get('events');
    this.#console = new ConsoleReporter({ quiet: call.flag('quiet'), outlook });
    this.#files = files;
    this.#profile = files.get('profile') && new Profile(graph);
    this.#listeners = [
      this.#collector.listen,
      this.recorder.listen,
      outlook.listen,
      ...(this.#profile ? [this.#profile.listen] : []),
      ...(events ? [new EventsFile(events).listen] : []),
      ...more,
    ];
  }

  /** Opens the files that options name; waits for the reader of a named pipe. `more` listen as well. */
  static async open(call: Call, store: Store, scope: Scope, ...more: Listener[]): Promise<Observers> {
    const observers = new Observers(call, store, scope, await ReportFiles.open(call), more);
    if (call.flag('ui') || call.text('html') !== undefined) {
      const { openBuildPage } = await import('./build-page.ts');
      const page = await openBuildPage(call, store, scope, observers);
      observers.#page = page;
      observers.#listeners.push(page.listen);
    }
    return observers;
  }

  readonly listen: Listener = (event) => {
    for (const listener of this.#listeners) listener(event);
    this.#console.listen(event);
  };

  /** The first events: what is built, and the phases that lie behind, with what there is to say of them. */
  begin({ targets, actions, times, warnings }: Scope, notes: readonly Because[] = []): void {
    this.listen({ type: 'build-started', targets: targets.map(({ label }) => label), actions });
    for (const [phase, start, end] of times) this.phase(phase, start, end);
    for (const message of warnings) this.listen({ type: 'warning', message });
    for (const one of notes) this.listen(noteEvent(one));
  }

  /** Says after the last event why the next build will not be spared work. */
  readonly noteAfterwards = (because: Because): void => {
    for (const line of linesOf(noteEvent(because), palette(process.stderr), false)) printLine(line, process.stderr);
  };

  /** Says that a phase which began at a time of `performance.now()` has ended. */
  phase(phase: Phase, start: number, end = performance.now()): void {
    const startedAt = performance.timeOrigin + start;
    this.listen({ type: 'phase-finished', phase, startedAt, durationMs: end - start });
  }

  /**
   * The last event: the files are written before the console says that the build has ended; then it says which of them
   * could not be. Gives the exit code of a build that went well. `startedAt`: of `performance.now()`. `signal`: of
   * `interruption`. `more` are the contents of other files, by option.
   */
  async finish(
    success: boolean,
    { startedAt, signal }: { readonly startedAt: number; readonly signal: AbortSignal },
    more: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const durationMs = performance.now() - startedAt;
    const interrupted = !success && signal.aborted ? { interrupted: signal.reason as NodeJS.Signals } : {};
    const event: BuildEvent = { type: 'build-finished', success, ...interrupted, durationMs, counts: this.counts() };
    for (const listener of this.#listeners) listener(event);
    if (this.#profile) this.#files.get('profile')?.replace(this.#profile.text());
    this.#files.get('build-report')?.replace(this.#collector.text(success, durationMs));
    const html = this.#files.get('html');
    if (html && this.#page) html.replace(await this.#page.document());
    for (const [option, text] of Object.entries(more)) this.#files.get(option)?.replace(text);
    const { left, failed } = await this.#files.close();
    for (const { message } of left) this.#console.listen({ type: 'warning', message });
    this.#console.listen(event);
    const paint = palette(process.stderr);
    for (const diagnostic of failed) printLine(formatDiagnostic(diagnostic, paint), process.stderr);
    return failed.length > 0 ? EXIT.infrastructure : EXIT.ok;
  }

  /** All is told: a page that shows the build gets the rest, and is waited for where it is still to come. */
  async leave(signal: AbortSignal): Promise<void> {
    await this.#page?.leave(signal);
  }

  /** Whether standard output is one of the files: then nothing else goes there. */
  get takesStandardOutput(): boolean {
    return this.#files.takeStandardOutput;
  }

  counts(): Record<Outcome, number> {
    return this.#collector.counts();
  }

  [Symbol.dispose](): void {
    this.#console[Symbol.dispose]();
    this.#page?.[Symbol.dispose]();
  }
}

function noteEvent({ because: message, isDefect }: Because): BuildEvent {
  return { type: isDefect ? 'warning' : 'note', message };
}

function reportHeader({ root, settings }: Scope, { build }: BuildRecorder): ReportHeader {
  return { dsmb: ownVersion(), build, workspace: root, parameters: settings() };
}

/** Made when it is first asked for: a build with nothing to do asks for none. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function jobsOf(call: Call): number | undefined {
  const text = call.text('jobs');
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  return fail('USAGE', `--jobs takes a number from 1 to 9999, not '${text}'`, { hint: 'dsmb build --jobs 4 //x' });
}

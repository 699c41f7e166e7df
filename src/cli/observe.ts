/** Who follows a build: the console, its record, and the files that options ask for. For any command that builds. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Store } from '../../cache/store.ts';
import type { PastRuns } from '../execute/past-runs.ts';
import { fail } from '../model/diagnostic.ts';
import type { ActionIdentity, BuildEvent, Listener, Outcome, Phase } from '../model/event.ts';
import { ReportCollector } from '../report/build-report.ts';
import { ConsoleReporter } from '../report/console.ts';
import { EventsFile } from '../report/events-file.ts';
import { Outlook } from '../report/outlook.ts';
import type { BuildRecorder } from '../report/history/recorder.ts';
import { Profile } from '../report/profile.ts';
import { countBelow, graphBelow } from './below.ts';
import type { Call, Option } from './command.ts';
import type { Request } from './project.ts';
import { pastRuns, recordBuild } from './recording.ts';

/** Options of every command that builds. */
export const BUILDING_OPTIONS: Readonly<Record<string, Option>> = {
  jobs: { type: 'string', short: 'j', value: 'N', help: 'actions at a time (default: what the machine carries)' },
  quiet: { type: 'boolean', short: 'q', help: 'print only what went wrong' },
  events: { type: 'string', value: 'FILE', help: 'write every event as a line of JSON; - is standard output' },
  profile: { type: 'string', value: 'FILE', help: 'write a trace for chrome://tracing or Perfetto' },
  'build-report': { type: 'string', value: 'FILE', help: 'write a JSON report of every action' },
};

/** Follows one build from its first event to its last. */
export class Observers implements Disposable {
  /** What actions took before. */
  readonly past: PastRuns;
  /** How many actions run at a time, where that was told. */
  readonly jobs: number | undefined;
  readonly recorder: BuildRecorder;
  readonly #console: ConsoleReporter;
  readonly #collector = new ReportCollector();
  readonly #listeners: Listener[];
  readonly #events: EventsFile | undefined;
  readonly #profile: { readonly trace: Profile; readonly file: string } | undefined;
  readonly #report: string | undefined;

  private constructor(call: Call, store: Store, project: Request, events: EventsFile | undefined, more: Listener[]) {
    this.jobs = jobsOf(call);
    this.past = pastRuns(store, project);
    this.recorder = recordBuild(store, project);
    const graph = once(() => graphBelow(project, call.flag('skip-validations')));
    const pastMs = (action: ActionIdentity): number | undefined => this.past.of(action)?.durationMs;
    const outlook = new Outlook(graph, pastMs, this.jobs ?? availableParallelism());
    const profile = call.text('profile');
    this.#console = new ConsoleReporter({ quiet: call.flag('quiet'), outlook });
    this.#profile = profile ? { trace: new Profile(graph), file: resolve(profile) } : undefined;
    this.#report = call.text('build-report');
    this.#events = events;
    this.#listeners = [
      this.#collector.listen,
      this.recorder.listen,
      outlook.listen,
      ...(this.#profile ? [this.#profile.trace.listen] : []),
      ...(events ? [events.listen] : []),
      ...more,
    ];
  }

  /** Opens what the options name; waits for the reader of a named pipe. `more` listen as well. */
  static async open(call: Call, store: Store, project: Request, ...more: Listener[]): Promise<Observers> {
    const path = call.text('events');
    return new Observers(call, store, project, path === undefined ? undefined : await EventsFile.open(path), more);
  }

  readonly listen: Listener = (event) => {
    for (const listener of this.#listeners) listener(event);
    this.#console.listen(event);
  };

  /** The first events: what is built, and the phases that lie behind. */
  begin(request: Request, skipValidations: boolean): void {
    const targets = request.targets.map(({ label }) => label);
    this.listen({ type: 'build-started', targets, actions: countBelow(request, skipValidations) });
    for (const [phase, start, end] of request.times) this.phase(phase, start, end);
  }

  /** Says that a phase which began at a time of `performance.now()` has ended. */
  phase(phase: Phase, start: number, end = performance.now()): void {
    const startedAt = performance.timeOrigin + start;
    this.listen({ type: 'phase-finished', phase, startedAt, durationMs: end - start });
  }

  /** The last event: the files are written before the console says that the build has ended. */
  async finish(success: boolean, durationMs: number): Promise<void> {
    const event: BuildEvent = { type: 'build-finished', success, durationMs, counts: this.counts() };
    for (const listener of this.#listeners) listener(event);
    this.#profile?.trace.write(this.#profile.file);
    if (this.#report) this.#collector.write(resolve(this.#report), success, durationMs);
    const problem = await this.#events?.close();
    if (problem) this.#console.listen({ type: 'warning', message: problem });
    this.#console.listen(event);
  }

  counts(): Record<Outcome, number> {
    return this.#collector.counts();
  }

  [Symbol.dispose](): void {
    this.#console[Symbol.dispose]();
  }
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

/** A build as the page can look at it: one that goes on, or one that the history remembers. */
import { actionId } from '../model/event.ts';
import type { BuildHistory } from '../report/history/history.ts';
import type { BuildRecord, RecordedAction } from '../report/history/record.ts';
import { printable, printableLines } from '../report/printable.ts';
import type { Artifacts } from './artifacts/artifacts.ts';
import { carryArtifacts, NOTHING_CARRIED } from './artifacts/carry.ts';
import { Made, type BuildActions } from './artifacts/made.ts';
import type { BuildState } from './build-state.ts';
import { detailsOf, type KnownAction, type Sources } from './details.ts';
import type { KnownActions } from './known-actions.ts';
import { pastInputs } from './past-graph.ts';
import type { Details, PageRun, PastBuild, Snapshot, WholeBuild } from './protocol.ts';

/** Details of more actions are not carried along: those that failed come first, then those that ran last. */
const MOST_CARRIED = 500;
/** Of all logs that are carried along. */
const MOST_CARRIED_CHARACTERS = 4 * 1024 * 1024;

export interface View extends BuildActions {
  /** The build goes on. */
  readonly isRunning: boolean;
  snapshot(): Snapshot;
  /** Undefined where there is no such action, or nothing is known of it yet. */
  details(place: number): Details | undefined;
}

export class LiveView implements View {
  readonly #sources: Sources;
  readonly #state: BuildState;
  readonly #known: KnownActions;

  constructor(sources: Sources, state: BuildState, known: KnownActions) {
    this.#sources = sources;
    this.#state = state;
    this.#known = known;
  }

  get build(): string {
    return this.#state.head.build;
  }

  get isRunning(): boolean {
    return this.#state.head.success === undefined;
  }

  snapshot(): Snapshot {
    return this.#state.snapshot();
  }

  action(place: number): RecordedAction | undefined {
    const known = this.#knownAt(place);
    return known?.running === false ? known.action : undefined;
  }

  places(label: string, mnemonic: string): readonly number[] {
    return this.#state.placesOf(label, mnemonic);
  }

  details(place: number): Details | undefined {
    const known = this.#knownAt(place);
    return known && detailsOf(this.#sources, this.#state.head.build, known);
  }

  #knownAt(place: number): KnownAction | undefined {
    const action = this.#state.identityAt(place);
    return action && (this.#known.of(action) ?? this.#settled(place, actionId(action)));
  }

  /** Of one that was not looked at, what the last build has found. */
  #settled(place: number, id: string): KnownAction | undefined {
    if (this.#state.runAt(place)?.state !== 'cached') return undefined;
    const last = this.#sources.history.last(id);
    return last && { action: { ...last.action, outcome: 'cached' as const }, running: false };
  }
}

export class PastView implements View {
  readonly #sources: Sources;
  readonly #record: BuildRecord;
  /** By label and mnemonic. */
  #places: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(sources: Sources, record: BuildRecord) {
    this.#sources = sources;
    this.#record = record;
  }

  snapshot(): Snapshot {
    const { build, workspace, asked, startedAt, success, durationMs, actions } = this.#record;
    const { store, root } = this.#sources;
    const inputs = pastInputs(store.trees, new Made(store, root), this, actions);
    const end = {
      ...(success === undefined ? {} : { success }),
      ...(durationMs === undefined ? {} : { elapsedMs: durationMs }),
    };
    return {
      head: {
        ...{ build, workspace: printable(workspace), asked: asked.map(printable), startedAt, ...end },
        ...{ phases: [], warnings: [], outputs: [] },
      },
      moments: [],
      actions: actions.map(({ label, mnemonic, ordinal }, place) => {
        return { label: printable(label), mnemonic: printable(mnemonic), ordinal, inputs: inputs[place]! };
      }),
      runs: actions.map(({ outcome, durationMs, startMs, error }) => {
        const times = startMs === undefined ? { tookMs: durationMs } : { start: startMs, end: startMs + durationMs };
        const ran = outcome === 'executed' || outcome === 'failed' ? times : {};
        const [line] = error === undefined ? [] : printableLines(error).split('\n');
        return { state: outcome, ...ran, ...(line === undefined ? {} : { error: line }) };
      }),
    };
  }

  get isRunning(): boolean {
    return false;
  }

  get build(): string {
    return this.#record.build;
  }

  action(place: number): RecordedAction | undefined {
    return this.#record.actions[place];
  }

  places(label: string, mnemonic: string): readonly number[] {
    this.#places ??= Map.groupBy(this.#record.actions.keys(), (place) => nameOf(this.#record.actions[place]!));
    return this.#places.get(nameOf({ label, mnemonic })) ?? [];
  }

  details(place: number): Details | undefined {
    const action = this.#record.actions[place];
    return action && detailsOf(this.#sources, this.#record.build, { action, running: false });
  }
}

function nameOf({ label, mnemonic }: Pick<RecordedAction, 'label' | 'mnemonic'>): string {
  return `${label} ${mnemonic}`;
}

/** The builds of a workspace, newest first. */
export function pastBuilds(history: BuildHistory): PastBuild[] {
  return [...history.newestFirst()].map(({ build, asked, startedAt, success, durationMs, actions }) => ({
    ...{ build, asked: asked.map(printable), startedAt, actions: actions.length },
    ran: actions.filter(({ outcome }) => outcome === 'executed' || outcome === 'failed').length,
    ...(success === undefined ? {} : { success }),
    ...(durationMs === undefined ? {} : { durationMs }),
  }));
}

/** A build as one piece, with the details of what ran and, of `artifacts`, what it made, as far as they are small enough. */
export async function wholeBuild(view: View, artifacts?: Artifacts): Promise<WholeBuild> {
  const snapshot = view.snapshot();
  const details: Record<number, Details> = {};
  let room = MOST_CARRIED_CHARACTERS;
  for (const place of worthCarrying(snapshot.runs)) {
    const found = view.details(place);
    if (!found) continue;
    room -= found.log?.text.length ?? 0;
    const { log: _log, ...withoutLog } = found;
    details[place] = room >= 0 ? found : withoutLog;
  }
  const carried = artifacts ? await carryArtifacts(artifacts, view, snapshot) : NOTHING_CARRIED;
  return { snapshot, details, artifacts: carried };
}

/** Places of what ran or failed, what matters most first. */
function worthCarrying(runs: readonly PageRun[]): readonly number[] {
  const failed = (place: number): number => (runs[place]!.state === 'failed' ? 1 : 0);
  const end = (place: number): number => runs[place]!.end ?? 0;
  return [...runs.keys()]
    .filter((place) => runs[place]!.start !== undefined || failed(place) === 1)
    .sort((a, b) => failed(b) - failed(a) || end(b) - end(a))
    .slice(0, MOST_CARRIED);
}

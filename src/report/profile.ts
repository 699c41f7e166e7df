/**
 * A build as a trace that chrome://tracing and Perfetto show: what ran when, in which slot, and what all of it waited
 * for. Format: "Trace Event Format", JSON object form; times in microseconds.
 */
import type { ActionGraph } from '../analysis/action-graph.ts';
import { criticalPath, type Ran } from '../graph/critical-path.ts';
import { actionId, type BuildEvent } from '../model/event.ts';

/** A piece of time on a track. */
export interface Slice {
  readonly name: string;
  readonly category: 'phase' | 'action' | 'stage' | 'wait' | 'plan' | 'look-up' | 'critical path';
  /** Milliseconds since the process began. */
  readonly start: number;
  readonly end: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

interface Open {
  readonly start: number;
  readonly slot: number;
  readonly waitedMs: number;
  readonly args: Readonly<Record<string, unknown>>;
  stage: { readonly name: string; readonly start: number } | undefined;
}

export class Profile {
  readonly #graph: () => ActionGraph;
  readonly #phases: Slice[] = [];
  readonly #notes: { readonly message: string; readonly at: number }[] = [];
  /** By slot. */
  readonly #slots: Slice[][] = [];
  readonly #waits: Slice[] = [];
  readonly #lookUps: Slice[] = [];
  readonly #open = new Map<string, Open>();
  readonly #waiting = new Map<string, number>();
  /** What ran, by identity. */
  readonly #ran = new Map<string, Slice & Ran>();

  constructor(graph: () => ActionGraph) {
    this.#graph = graph;
  }

  readonly listen = (event: BuildEvent): void => {
    const now = performance.now();
    switch (event.type) {
      case 'phase-finished': {
        const start = event.startedAt - performance.timeOrigin;
        this.#phases.push({ name: event.phase, category: 'phase', start, end: start + event.durationMs });
        return;
      }
      case 'note':
        return void this.#notes.push({ message: event.message, at: now });
      case 'action-waiting':
        return void this.#waiting.set(actionId(event), now);
      case 'action-started':
        return this.#started(event, now);
      case 'action-progress':
        return this.#stage(actionId(event), event.stage, now);
      case 'action-finished':
        return this.#finished(event, now);
      default:
    }
  };

  /** The trace as JSON. */
  text(): string {
    const tracks: (readonly [string, readonly Slice[]])[] = [
      ['phases', this.#phases],
      ['critical path', this.#criticalPath()],
      ...this.#slots.map((slices, slot) => [`slot ${slot + 1}`, slices] as const),
      ...lanes(this.#waits).map((slices) => ['waiting for another build', slices] as const),
      ...lanes(this.#lookUps).map((slices) => ['keys and cache', slices] as const),
    ];
    const events = tracks.flatMap(([name, slices], track) => [
      trackName(name, track),
      ...slices.map(traceEvent(track)),
    ]);
    // On the first track, which is that of the phases.
    for (const { message, at } of this.#notes)
      events.push(
        JSON.stringify({ name: message, cat: 'note', ph: 'i', s: 't', pid: 1, tid: 0, ts: Math.round(at * 1000) }),
      );
    return `{"displayTimeUnit":"ms","traceEvents":[\n${events.join(',\n')}\n]}\n`;
  }

  #started({ planMs, waitedMs, key, ...event }: BuildEvent & { type: 'action-started' }, now: number): void {
    const id = actionId(event);
    this.#endWait(id, now);
    const taken = new Set([...this.#open.values()].map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot++;
    this.#open.set(id, { start: now, slot, waitedMs, args: { key, planMs, waitedMs }, stage: undefined });
  }

  #stage(id: string, name: string, now: number): void {
    const open = this.#open.get(id);
    if (!open || open.stage?.name === name) return;
    this.#endStage(open, now);
    open.stage = { name, start: now };
  }

  #endStage({ slot, stage }: Open, now: number): void {
    if (stage) this.#slot(slot).push({ ...stage, category: 'stage', end: now });
  }

  #finished(event: BuildEvent & { type: 'action-finished' }, now: number): void {
    const id = actionId(event);
    this.#endWait(id, now);
    const open = this.#open.get(id);
    if (open) {
      this.#endStage(open, now);
      const { start, slot } = open;
      const slice: Slice = {
        name: id,
        category: 'action',
        start,
        end: now,
        args: { ...open.args, outcome: event.outcome },
      };
      this.#slot(slot).push(slice);
      this.#ran.set(id, { ...slice, waitedMs: open.waitedMs });
      this.#open.delete(id);
    } else if (event.outcome === 'cached') {
      const found = now - event.durationMs;
      if (event.planMs !== undefined)
        this.#lookUps.push({ name: id, category: 'plan', start: found - event.planMs, end: found });
      this.#lookUps.push({ name: id, category: 'look-up', start: found, end: now });
    }
  }

  #endWait(id: string, now: number): void {
    const start = this.#waiting.get(id);
    if (start !== undefined) this.#waits.push({ name: id, category: 'wait', start, end: now });
    this.#waiting.delete(id);
  }

  #slot(slot: number): Slice[] {
    return (this.#slots[slot] ??= []);
  }

  #criticalPath(): Slice[] {
    const { actions, dependencies } = this.#graph();
    const byId = new Map(actions.map((action) => [actionId(action), action]));
    const inputsOf = ({ name }: Slice): (Slice & Ran)[] => {
      const action = byId.get(name);
      const below = action ? (dependencies.get(action) ?? []) : [];
      return below.flatMap((one) => this.#ran.get(actionId(one)) ?? []);
    };
    return criticalPath([...this.#ran.values()], inputsOf).map(({ waitedMs: _waited, ...slice }) => {
      return { ...slice, category: 'critical path' };
    });
  }
}

/** Slices of one track must not overlap: as many tracks as it takes. */
export function lanes(slices: readonly Slice[]): Slice[][] {
  const found: Slice[][] = [];
  for (const slice of slices.toSorted((a, b) => a.start - b.start)) {
    const free = found.find((lane) => lane.at(-1)!.end <= slice.start);
    if (free) free.push(slice);
    else found.push([slice]);
  }
  return found;
}

function traceEvent(track: number): (slice: Slice) => string {
  return ({ name, category, start, end, args }) =>
    JSON.stringify({
      ...{ name, cat: category, ph: 'X', pid: 1, tid: track },
      ts: Math.round(start * 1000),
      dur: Math.max(0, Math.round(end * 1000) - Math.round(start * 1000)),
      ...(category === 'critical path' ? { cname: 'terrible' } : {}),
      ...(args ? { args } : {}),
    });
}

/** Tracks are shown in the order of their numbers. */
function trackName(name: string, track: number): string {
  const of = { ph: 'M', pid: 1, tid: track };
  return [
    { ...of, name: 'thread_name', args: { name } },
    { ...of, name: 'thread_sort_index', args: { sort_index: track } },
  ]
    .map((event) => JSON.stringify(event))
    .join(',\n');
}

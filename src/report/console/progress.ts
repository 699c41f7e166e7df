/** How far a build is: what the console shows of its events. */
import { actionId, type ActionIdentity, type BuildEvent } from '../../model/event.ts';
import { printable } from '../printable.ts';

/** Something that goes on. */
export interface Activity {
  readonly what: 'action' | 'wait' | 'packages';
  readonly name: string;
  /** Of `performance.now()`. */
  readonly since: number;
  /** When it was last told that it goes on. */
  told: number;
  /** The action that it is, for looking up how long it took before. */
  readonly action?: ActionIdentity;
  stage: string;
  percent: number | undefined;
  /** What is being fetched: bytes, and since when. */
  fetched?: Fetched | undefined;
}

interface Fetched {
  readonly done: number;
  readonly total: number;
  /** Of `performance.now()`, with what was there by then. */
  readonly since: number;
  readonly from: number;
}

export class Progress {
  /** In the order in which they began. */
  readonly activities = new Map<string, Activity>();
  /** What runs as soon as the machine has what it needs. */
  readonly queued = new Set<string>();
  readonly since = performance.now();
  total = 0;
  finished = 0;
  /** Whether anything was done that is worth a line: run, failed, fetched, laid out. */
  eventful = false;

  readonly listen = (event: BuildEvent): void => {
    switch (event.type) {
      case 'build-started':
        this.total = event.actions;
        return;
      case 'package-progress':
        this.eventful = true;
        return this.#packages(event);
      case 'action-queued':
        return void this.queued.add(actionId(event));
      case 'action-started':
        this.eventful = true;
        return this.#begin('action', event, event.remote ? 'remote' : '');
      case 'check-started':
        this.eventful = true;
        return this.#begin('action', event, 'to compare');
      case 'check-finished':
        return this.#end(event);
      case 'action-waiting':
        this.eventful = true;
        return this.#begin('wait', event, 'another build is making it');
      case 'action-progress': {
        const running = this.activities.get(actionId(event));
        if (running) [running.stage, running.percent] = [printable(event.stage), event.percent];
        return;
      }
      case 'action-finished':
        this.finished++;
        this.eventful ||= event.outcome === 'failed';
        this.#end(event);
        return;
      case 'output':
        this.eventful ||= event.fresh;
        return;
      default:
    }
  };

  count(what: Activity['what']): number {
    let count = 0;
    for (const activity of this.activities.values()) if (activity.what === what) count++;
    return count;
  }

  #begin(what: Activity['what'], action: ActionIdentity, stage: string): void {
    const id = actionId(action);
    const now = performance.now();
    this.queued.delete(id);
    this.activities.set(id, { what, name: printable(id), since: now, told: now, action, stage, percent: undefined });
  }

  #end(action: ActionIdentity): void {
    if (this.activities.size + this.queued.size === 0) return;
    const id = actionId(action);
    this.queued.delete(id);
    this.activities.delete(id);
  }

  #packages({ set, stage, percent, bytes }: BuildEvent & { type: 'package-progress' }): void {
    const id = `packages ${set}`;
    if (hasEnded(stage)) return void this.activities.delete(id);
    const now = performance.now();
    const name = nameOfSet(set);
    const activity = this.activities.get(id) ?? { what: 'packages', name, since: now, told: now, stage, percent };
    const { since = now, from = bytes?.done ?? 0 } = activity.fetched ?? {};
    const fetched = bytes && { ...bytes, since, from };
    this.activities.set(id, Object.assign(activity, { stage: printable(stage), percent, fetched }));
  }
}

/** Whether a set of packages is done with. */
export function hasEnded(stage: string): boolean {
  return stage === 'ready' || stage === 'failed';
}

/** A set of packages, which may be of fifty names, by the first: `packages gcc-12 +9`. */
export function nameOfSet(set: string): string {
  const [first = '', ...others] = printable(set)
    .replace(/^\w+: /, '')
    .split(' ');
  return `packages ${first}${others.length > 0 ? ` +${others.length}` : ''}`;
}

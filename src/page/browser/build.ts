/** The build that the page shows, as far as it has been told. */
import { Moments } from '../moments.ts';
import type { Change, Details, PageAction, PageHead, PageMoment, PageRun, Snapshot, State } from '../protocol.ts';

/** In the order in which they matter to whoever looks. */
export const STATES: readonly State[] = [
  ...(['failed', 'running', 'elsewhere', 'queued', 'waiting', 'skipped', 'executed', 'cached'] as const),
];

export class Build {
  head: PageHead;
  readonly actions: PageAction[];
  readonly runs: PageRun[];
  readonly #moments = new Moments();
  /** By place, the places of the actions that read its outputs. */
  readonly users: number[][];
  /** Of a build that nobody serves any more. */
  readonly details = new Map<number, Details>();

  constructor({ head, actions, runs, moments }: Snapshot) {
    for (const moment of moments) this.#moments.add(moment);
    this.head = head;
    this.actions = [...actions];
    this.runs = [...runs];
    this.users = actions.map(() => []);
    for (const [place, { inputs }] of actions.entries()) for (const input of inputs) this.users[input]?.push(place);
  }

  apply({ head, runs, more = [], moments = [] }: Change): void {
    for (const moment of moments) this.#moments.add(moment);
    this.head = head;
    for (const action of more) {
      this.actions.push(action);
      this.users.push([]);
      this.runs.push({ state: 'waiting' });
    }
    for (const [place, run] of runs) this.runs[place] = run;
  }

  /** What machines have shown, in the order of time. */
  get moments(): readonly PageMoment[] {
    return this.#moments.kept;
  }

  counts(): Record<State, number> {
    const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
    for (const { state } of this.runs) counts[state]++;
    return counts;
  }

  /** All that an action is made of, or all that is made of it, without itself. */
  reached(place: number, direction: 'inputs' | 'users'): Set<number> {
    const next = (one: number): readonly number[] =>
      direction === 'users' ? (this.users[one] ?? []) : (this.actions[one]?.inputs ?? []);
    const found = new Set<number>();
    for (const open = [...next(place)]; open.length > 0;) {
      const one = open.pop()!;
      if (found.has(one)) continue;
      found.add(one);
      open.push(...next(one));
    }
    return found;
  }

  /** Places of what failed of itself, and how many actions were skipped because of any of them. */
  causes(): { readonly failed: readonly number[]; readonly skipped: number } {
    const failed = this.runs.flatMap(({ state }, place) => (state === 'failed' ? [place] : []));
    return { failed, skipped: this.counts().skipped };
  }

  nameOf(place: number): string {
    const { label = '', mnemonic = '', ordinal = 0 } = this.actions[place] ?? {};
    return `${label} ${mnemonic}${ordinal > 0 ? `#${ordinal}` : ''}`;
  }
}

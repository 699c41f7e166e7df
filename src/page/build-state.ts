/** Follows a build, for the page: what each action is doing now, and what has changed since the page was last told. */
import { actionId, type ActionIdentity, type BuildEvent } from '../model/event.ts';
import { printable, printableLines } from '../report/printable.ts';
import { Moments } from './moments.ts';
import type { Change, PageAction, PageHead, PageRun, Snapshot } from './protocol.ts';

/** More warnings are not shown. */
const MOST_WARNINGS = 100;

/** What is known of a build before it begins. */
export type Head = Pick<PageHead, 'build' | 'workspace' | 'asked' | 'startedAt'>;
type Identity = Pick<PageAction, 'label' | 'mnemonic' | 'ordinal'>;
type Of<Type extends BuildEvent['type']> = BuildEvent & { readonly type: Type };

export class BuildState {
  readonly #began: number;
  readonly #actions: PageAction[];
  readonly #runs: PageRun[];
  readonly #places: Map<string, number>;
  /** By place, as build files have them. */
  readonly #identities: Identity[];
  readonly #changed = new Set<number>();
  readonly #moments = new Moments();
  #toldActions: number;
  #head: PageHead;
  #headChanged = false;

  /** `settled`: places of actions that are known to be up to date. `began`: when the build did, of `performance.now()`. */
  constructor(head: Head, actions: readonly PageAction[], settled: ReadonlySet<number>, began = performance.now()) {
    this.#began = began;
    this.#head = {
      ...head,
      ...{ workspace: printable(head.workspace), asked: head.asked.map(printable) },
      ...{ phases: [], warnings: [], outputs: [] },
    };
    this.#places = new Map(actions.map((action, place) => [actionId(action), place]));
    this.#identities = [...actions];
    this.#actions = actions.map(shown);
    this.#runs = actions.map((_action, place) => ({ state: settled.has(place) ? 'cached' : 'waiting' }));
    this.#toldActions = actions.length;
  }

  readonly listen = (event: BuildEvent): void => {
    switch (event.type) {
      case 'action-queued':
        return this.#put(event, { state: 'queued' });
      case 'action-waiting':
        return this.#put(event, { state: 'elsewhere' });
      case 'action-started':
        return this.#put(event, { state: 'running', start: this.#now(), waitedMs: Math.round(event.waitedMs) });
      case 'action-progress':
        return this.#progressed(event);
      case 'machine-shown': {
        const { machine, picture, console } = event;
        return this.#moments.add({
          ...{ place: this.placeOf(event), machine, at: this.#now() },
          ...(picture === undefined ? {} : { picture }),
          ...(console === undefined ? {} : { console: printableLines(console) }),
        });
      }
      case 'action-retried':
        return this.#progressed({ ...event, stage: `try ${event.attempt}: ${event.reason}` });
      case 'action-finished':
        return this.#finished(event);
      default:
        return this.#told(event);
    }
  };

  /** The place of an action; one that nobody has told of gets the next. */
  placeOf(action: ActionIdentity): number {
    const id = actionId(action);
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const { label, mnemonic, ordinal } = action;
    const place = this.#identities.push({ label, mnemonic, ordinal }) - 1;
    this.#actions.push(shown({ label, mnemonic, ordinal, inputs: [] }));
    this.#runs.push({ state: 'waiting' });
    this.#places.set(id, place);
    return place;
  }

  get head(): PageHead {
    return this.#head.success === undefined ? { ...this.#head, elapsedMs: this.#now() } : this.#head;
  }

  identityAt(place: number): Identity | undefined {
    return this.#identities[place];
  }

  /** Of a target's actions of a mnemonic. */
  placesOf(label: string, mnemonic: string): readonly number[] {
    const places: number[] = [];
    for (let ordinal = 0; ; ordinal++) {
      const place = this.#places.get(actionId({ label, mnemonic, ordinal }));
      if (place === undefined) return places;
      places.push(place);
    }
  }

  runAt(place: number): PageRun | undefined {
    return this.#runs[place];
  }

  snapshot(): Snapshot {
    return { head: this.head, actions: this.#actions, runs: this.#runs, moments: this.#moments.kept };
  }

  /** What has changed since this was last asked; undefined where nothing has. */
  takeChange(): Change | undefined {
    const moments = this.#moments.takeNew();
    if (this.#changed.size === 0 && !this.#headChanged && moments.length === 0) return undefined;
    const runs = [...this.#changed].map((place) => [place, this.#runs[place]!] as const);
    const more = this.#actions.slice(this.#toldActions);
    this.#changed.clear();
    this.#headChanged = false;
    this.#toldActions = this.#actions.length;
    return { head: this.head, runs, ...(more.length > 0 ? { more } : {}), ...(moments.length > 0 ? { moments } : {}) };
  }

  #now(): number {
    return Math.round(performance.now() - this.#began);
  }

  #put(action: ActionIdentity, run: PageRun): void {
    const place = this.placeOf(action);
    this.#runs[place] = run;
    this.#changed.add(place);
  }

  #progressed(event: ActionIdentity & { readonly stage: string; readonly percent?: number }): void {
    const { stage: _stage, percent: _percent, ...before } = this.#runs[this.placeOf(event)]!;
    const { stage, percent } = event;
    this.#put(event, {
      ...before,
      stage: printable(stage),
      ...(percent === undefined ? {} : { percent: Math.round(percent) }),
    });
  }

  #finished(event: Of<'action-finished'>): void {
    const { start, waitedMs } = this.#runs[this.placeOf(event)]!;
    const { outcome, diagnostic } = event;
    const end = this.#now();
    // One that was found needs no place on the time line, and many were found.
    const times = start === undefined ? {} : { start, end, ...(waitedMs === undefined ? {} : { waitedMs }) };
    const [error] = diagnostic ? printableLines(diagnostic.message).split('\n') : [];
    this.#put(event, { state: outcome, ...times, ...(error === undefined ? {} : { error }) });
  }

  /** Of the build as a whole. */
  #told(event: BuildEvent): void {
    const change = this.#headAfter(event);
    if (!change) return;
    this.#head = { ...this.#head, ...change };
    this.#headChanged = true;
  }

  #headAfter(event: BuildEvent): Partial<PageHead> | undefined {
    const { phases, warnings, outputs } = this.#head;
    switch (event.type) {
      case 'phase-finished': {
        const start = Math.round(event.startedAt - performance.timeOrigin - this.#began);
        const phase = { name: event.phase, start, end: start + Math.round(event.durationMs) };
        return { phases: [...phases, phase] };
      }
      case 'warning':
        return warnings.length < MOST_WARNINGS ? { warnings: [...warnings, printableLines(event.message)] } : undefined;
      case 'output':
        return { outputs: [...outputs, { label: printable(event.label), path: printable(event.path) }] };
      case 'build-finished':
        return { success: event.success, elapsedMs: Math.round(event.durationMs) };
      default:
        return undefined;
    }
  }
}

/** Labels and mnemonics are text of build files: as the console shows them. */
function shown(action: PageAction): PageAction {
  return { ...action, label: printable(action.label), mnemonic: printable(action.mnemonic) };
}

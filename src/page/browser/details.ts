/** One action: what it is doing, why it ran, how it failed, its log, and what is near it in the graph. */
import { formatBytes, plural } from '../../report/format.ts';
import type { Details, PageRun } from '../protocol.ts';
import { element } from './dom.ts';
import { MachineView } from './machine.ts';
import type { Screen, View } from './screen.ts';
import { MEANINGS, runText, timesText } from './words.ts';

/** More neighbours are counted. */
const MOST_SHOWN = 30;

export class DetailsView implements View {
  readonly element = element('aside', { class: 'details', 'aria-label': 'Chosen action', tabindex: -1 });
  readonly #screen: Screen;
  readonly #ask: (place: number) => Promise<Details>;
  readonly #what = element('p', { class: 'what', 'aria-live': 'polite' });
  readonly #told = element('div');
  readonly #machines = element('div');
  readonly #views = new Map<number, MachineView>();
  #place: number | undefined;
  #state = '';

  /** `ask` gives what is told of an action. */
  constructor(screen: Screen, ask: (place: number) => Promise<Details>) {
    this.#screen = screen;
    this.#ask = ask;
  }

  refresh(): void {
    const { chosen: place, build } = this.#screen;
    const run = place === undefined ? undefined : build.runs[place];
    this.element.hidden = run === undefined;
    if (place === undefined || run === undefined) {
      this.#place = undefined;
      return;
    }
    const state = `${build.head.build} ${run.state}`;
    if (place !== this.#place) this.#begin(place);
    if (place !== this.#place || state !== this.#state) void this.#tell(place, run);
    [this.#place, this.#state] = [place, state];
    const text = [runText(run, this.#screen.elapsedMs), ...timesText(run, build.actions[place]!)].join(' · ');
    if (this.#what.textContent !== text) this.#what.textContent = text;
    this.#what.dataset['state'] = run.state;
    this.#showMachines(place, run.state === 'running');
    this.#what.title = MEANINGS[run.state];
  }

  #begin(place: number): void {
    const { build } = this.#screen;
    const close = element(
      'button',
      { type: 'button', 'aria-label': 'Close', click: () => this.#screen.choose(undefined) },
      '✕',
    );
    this.#told.replaceChildren();
    for (const view of this.#views.values()) view.release();
    this.#views.clear();
    this.#machines.replaceChildren();
    this.element.replaceChildren(
      element('header', {}, element('h2', {}, build.nameOf(place)), close),
      this.#what,
      this.#machines,
      this.#told,
      this.#near('made of', build.reached(place, 'inputs').size, build.actions[place]!.inputs, 'causes'),
      this.#near('needed by', build.reached(place, 'users').size, build.users[place]!, 'follows'),
    );
    this.element.scrollTop = 0;
  }

  /** What its machines show comes first, a failed one's above all. */
  #showMachines(place: number, running: boolean): void {
    const own = Map.groupBy(
      this.#screen.build.moments.filter((moment) => moment.place === place),
      ({ machine }) => machine,
    );
    for (const [machine, moments] of own) {
      let view = this.#views.get(machine);
      if (!view) {
        view = new MachineView(machine);
        this.#views.set(machine, view);
        this.#machines.append(view.element);
      }
      view.show(moments, running ? this.#screen.elapsedMs : undefined);
    }
  }

  /** The neighbours on one side, and how many there are beyond. */
  #near(title: string, all: number, places: readonly number[], kind: string): HTMLElement {
    if (places.length === 0) return element('section');
    const { build } = this.#screen;
    const items = places.slice(0, MOST_SHOWN).map((place) => {
      const go = (): void => this.#screen.choose(place);
      return element('li', {}, element('button', { type: 'button', class: 'link', click: go }, build.nameOf(place)));
    });
    const more = places.length > MOST_SHOWN ? [element('li', {}, `${places.length - MOST_SHOWN} more`)] : [];
    const count = element('span', { class: 'dim' }, ` ${plural(all, 'action')} in all`);
    return element('section', { class: kind }, element('h3', {}, title, count), element('ul', {}, ...items, ...more));
  }

  async #tell(place: number, { error }: PageRun): Promise<void> {
    const details = await this.#ask(place).catch((reason: unknown): Details => {
      return { why: [], error: error ?? `this is no longer available: ${(reason as Error).message}` };
    });
    if (place !== this.#screen.chosen) return;
    const { why, log } = details;
    const failure = details.error ?? error;
    this.#told.replaceChildren(
      ...(failure === undefined ? [] : [section('error', failure, 'failure')]),
      ...(why.length === 0 ? [] : [section('why', why.join('\n'))]),
      ...(log === undefined
        ? []
        : [
            section(
              log.leftOut > 0 ? `log, without its first ${formatBytes(log.leftOut)}` : 'log',
              log.text || 'no output',
            ),
          ]),
    );
  }
}

function section(title: string, text: string, kind = ''): HTMLElement {
  return element('section', { class: kind }, element('h3', {}, title), element('pre', { tabindex: 0 }, text));
}

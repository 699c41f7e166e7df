/** All that the page shows of one build. */
import type { Details } from '../protocol.ts';
import type { ArtifactSource } from './artifact-source.ts';
import type { Build } from './build.ts';
import { DetailsView } from './details.ts';
import { element, setText } from './dom.ts';
import { List } from './list.ts';
import { GraphMap } from './map.ts';
import { OutputsView } from './outputs.ts';
import { Screen, type View } from './screen.ts';
import { TimeLine } from './timeline.ts';
import { buildText, causesText } from './words.ts';

/** How old may what is shown be before the page says so. */
const OLD_MS = 3000;
const CLOCK_MS = 500;
const MOST_CAUSES = 5;
/** A page begins with the map where that has names; of very many actions, the list says more, and is there sooner. */
const MAP_IS_FOR = { least: 2, most: 400 } as const;

interface Tab {
  readonly name: string;
  readonly view: View;
  readonly button: HTMLElement;
}

export class BuildScreen {
  readonly element: HTMLElement;
  /** Where what is shown comes from. */
  connection: 'live' | 'ended' | 'between' | 'lost' | 'past' | 'file' = 'live';
  readonly #screen: Screen;
  readonly #list: List;
  readonly #details: DetailsView;
  readonly #tabs: readonly Tab[];
  readonly #title = element('h1');
  readonly #state = element('span', { class: 'state', role: 'status' });
  readonly #age = element('span', { class: 'dim age' });
  readonly #alerts = element('div', { class: 'alerts' });
  readonly #machines = element('div', { class: 'machines', role: 'group', 'aria-label': 'Machines' });
  readonly #place = element('div', { class: 'view', role: 'tabpanel', id: 'view' });
  #shown: Tab;
  #heardAt = performance.now();
  /** Aborted when another page takes its place. */
  readonly #left = new AbortController();

  /** `ask` gives what is told of an action, `artifacts` where its outputs come from now. */
  constructor(
    build: Build,
    ask: (place: number) => Promise<Details>,
    artifacts: () => ArtifactSource,
    back?: () => void,
  ) {
    this.#screen = new Screen(build, () => this.refresh());
    this.#list = new List(this.#screen);
    this.#details = new DetailsView(this.#screen, ask);
    this.#tabs = [
      this.#tab('Actions', this.#list),
      this.#tab('Map', new GraphMap(this.#screen)),
      this.#tab('Time line', new TimeLine(this.#screen)),
      this.#tab('Outputs', new OutputsView(this.#screen, artifacts)),
    ];
    const { length } = build.actions;
    const hasGraph = build.actions.some(({ inputs }) => inputs.length > 0);
    const beginsWithMap = hasGraph && length >= MAP_IS_FOR.least && length <= MAP_IS_FOR.most;
    this.#shown = this.#tabs[beginsWithMap ? 1 : 0]!;
    const tabs = element(
      'div',
      { class: 'tabs', role: 'tablist', 'aria-label': 'Views' },
      ...this.#tabs.map((tab) => tab.button),
    );
    tabs.addEventListener('keydown', (event) => this.#moveTab(event));
    const leave = (): void => {
      this.#left.abort();
      back?.();
    };
    const backButton = back ? [element('button', { type: 'button', click: leave }, '← past builds')] : [];
    this.element = element(
      'div',
      { class: 'page' },
      element('header', { class: 'top' }, ...backButton, this.#title, this.#state, this.#age),
      this.#alerts,
      this.#machines,
      tabs,
      element('main', {}, this.#place, this.#details.element),
    );
  }

  get build(): Build {
    return this.#screen.build;
  }

  /** It is in the document. */
  begin(): void {
    const { signal } = this.#left;
    document.addEventListener('keydown', (event) => this.#key(event), { signal });
    new ResizeObserver(() => this.refresh()).observe(this.#place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.refresh(), { signal });
    if (this.connection === 'live') setInterval(() => this.#tick(), CLOCK_MS);
    this.#show(this.#shown);
  }

  /** Another build takes its place, or all that there is of this one. */
  replace(build: Build): void {
    const chosen = this.#screen.chosen === undefined ? undefined : this.build.nameOf(this.#screen.chosen);
    this.#screen.build = build;
    const place = build.actions.findIndex((_action, place) => build.nameOf(place) === chosen);
    this.#screen.chosen = place < 0 ? undefined : place;
    this.heard();
  }

  /** Something has come from the builder. */
  heard(): void {
    this.connection = 'live';
    this.#heardAt = performance.now();
    this.refresh();
  }

  /** `again`: another build will come to this page. */
  ended(again: boolean): void {
    this.connection = again ? 'between' : 'ended';
    this.refresh();
  }

  lost(): void {
    if (this.connection === 'ended') return;
    this.connection = 'lost';
    this.refresh();
  }

  refresh(): void {
    const { head } = this.build;
    if (!this.#screen.touched) this.#screen.chosen = this.#worthSeeing() ?? this.#screen.chosen;
    setText(this.#title, head.asked.join(' '));
    document.title = `${buildText(head, this.connection === 'live')}: ${head.asked.join(' ')}`;
    setText(this.#state, buildText(head, this.connection === 'live'));
    this.#state.dataset['state'] = head.success === undefined ? 'running' : head.success ? 'executed' : 'failed';
    this.#tellAge();
    this.#tellAlerts();
    this.#tellMachines();
    this.#shown.view.refresh();
    this.#details.refresh();
    this.element.classList.toggle('chosen', this.#screen.chosen !== undefined);
  }

  /** What failed first, or else the machine that runs now. */
  #worthSeeing(): number | undefined {
    const { moments, runs } = this.build;
    return this.build.causes().failed[0] ?? moments.findLast(({ place }) => runs[place]?.state === 'running')?.place;
  }

  #tick(): void {
    this.#tellAge();
    if (this.connection !== 'live') return;
    setText(this.#state, buildText(this.build.head, true));
  }

  /** A page that stands still without saying so is worse than none. */
  #tellAge(): void {
    const age = performance.now() - this.#heardAt;
    const { build, startedAt } = this.build.head;
    const texts = {
      live: age > OLD_MS ? `nothing from the build for ${Math.round(age / 1000)} s` : 'live',
      ended: 'the build has ended; this page stays as it is',
      between: 'the build has ended; the next one comes here',
      lost: 'the build process is gone; this is the last that it sent',
      past: `${new Date(startedAt).toLocaleString()} · ${build}`,
      file: `${new Date(startedAt).toLocaleString()} · ${build}`,
    };
    setText(this.#age, texts[this.connection]);
    this.#age.classList.toggle('old', this.connection === 'lost' || (this.connection === 'live' && age > OLD_MS));
  }

  /** What failed comes first, and is told from what only followed. */
  #tellAlerts(): void {
    const { failed, skipped } = this.build.causes();
    const { warnings } = this.build.head;
    const now = JSON.stringify([this.build.head.build, failed, skipped, warnings]);
    if (this.#alerts.dataset['now'] === now) return;
    this.#alerts.dataset['now'] = now;
    const causes = failed.slice(0, MOST_CAUSES).map((place) => {
      const text = this.build.runs[place]!.error ?? `${this.build.nameOf(place)} failed`;
      return element('button', { type: 'button', class: 'link', click: () => this.#screen.choose(place) }, text);
    });
    const more = failed.length > MOST_CAUSES ? [element('span', {}, `and ${failed.length - MOST_CAUSES} more`)] : [];
    const failure = element(
      'div',
      { class: 'failure', role: 'alert' },
      element('strong', {}, causesText(failed.length, skipped)),
      ...causes,
      ...more,
    );
    const said = warnings.map((text) =>
      element('div', { class: 'warning' }, element('strong', {}, 'warning'), ` ${text}`),
    );
    this.#alerts.replaceChildren(...(failed.length > 0 ? [failure] : []), ...said);
  }

  /** Leads to what machines show: first to those that run. */
  #tellMachines(): void {
    const places = [...new Set(this.build.moments.map(({ place }) => place))];
    const states = places.map((place) => [place, this.build.runs[place]!.state] as const);
    const now = JSON.stringify([this.build.head.build, states]);
    if (this.#machines.dataset['now'] === now) return;
    this.#machines.dataset['now'] = now;
    const buttons = states.map(([place, state]) =>
      element(
        'button',
        { type: 'button', 'data-state': state, click: () => this.#screen.choose(place) },
        element('span', { class: 'mark', 'aria-hidden': 'true' }),
        this.build.nameOf(place),
      ),
    );
    this.#machines.replaceChildren(
      ...(buttons.length > 0 ? [element('span', { class: 'dim' }, 'machines')] : []),
      ...buttons,
    );
  }

  #tab(name: string, view: View): Tab {
    const button = element(
      'button',
      { type: 'button', role: 'tab', 'aria-controls': 'view', click: () => this.#show(tab) },
      name,
    );
    const tab: Tab = { name, view, button };
    return tab;
  }

  #show(tab: Tab): void {
    this.#shown = tab;
    for (const one of this.#tabs) {
      one.button.setAttribute('aria-selected', String(one === tab));
      one.button.tabIndex = one === tab ? 0 : -1;
    }
    this.#place.setAttribute('aria-label', tab.name);
    this.#place.replaceChildren(tab.view.element);
    this.refresh();
  }

  #moveTab({ key }: KeyboardEvent): void {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    const next = this.#tabs[this.#tabs.indexOf(this.#shown) + step];
    if (!next || step === 0) return;
    this.#show(next);
    next.button.focus();
  }

  /** `/` looks for a name, Escape lets go of what is chosen, digits lead to the views. */
  #key(event: KeyboardEvent): void {
    if (!this.element.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') this.#screen.choose(undefined);
    // In a list of choices, keys look for one.
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    if (event.key === '/') {
      event.preventDefault();
      this.#show(this.#tabs[0]!);
      this.#list.focusSearch();
    }
    const tab = this.#tabs[Number(event.key) - 1];
    if (tab) this.#show(tab);
  }
}

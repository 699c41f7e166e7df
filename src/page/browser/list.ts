/** All actions as a list, what matters first. Only those that can be seen are elements: there may be very many. */
import type { State } from '../protocol.ts';
import { STATES } from './build.ts';
import { element, onceAFrame, setText } from './dom.ts';
import type { Screen, View } from './screen.ts';
import { MEANINGS, runText } from './words.ts';

const ROW_HEIGHT = 28;
const SPARE_ROWS = 6;
const ORDER = new Map(STATES.map((state, index) => [state, index]));

export class List implements View {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #filters = element('div', { class: 'filters', role: 'group', 'aria-label': 'Show actions that are' });
  readonly #search = element('input', {
    ...{ type: 'search', placeholder: 'filter by name  ( / )', 'aria-label': 'Filter by name', spellcheck: 'false' },
    input: () => this.refresh(),
  });
  readonly #rows = element('div', { class: 'rows' });
  readonly #box = element(
    'div',
    { class: 'list', role: 'listbox', tabindex: 0, 'aria-label': 'Actions', scroll: () => this.#draw() },
    this.#rows,
  );
  readonly #draw = onceAFrame(() => this.#drawRows());
  readonly #update = onceAFrame(() => this.#sort());
  #wanted: State | undefined;
  #places: number[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#box.addEventListener('keydown', (event) => this.#move(event));
    this.#box.addEventListener('click', (event) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>('[data-place]');
      if (row) this.#screen.choose(Number(row.dataset['place']));
    });
    this.element = element('section', { class: 'actions' }, this.#filters, this.#search, this.#box);
  }

  focusSearch(): void {
    this.#search.focus();
  }

  refresh(): void {
    this.#update();
  }

  #sort(): void {
    const { runs } = this.#screen.build;
    const text = this.#search.value.toLowerCase();
    const accepts = (place: number): boolean =>
      (this.#wanted === undefined || runs[place]!.state === this.#wanted) &&
      (text === '' || this.#screen.build.nameOf(place).toLowerCase().includes(text));
    const rank = (place: number): number => ORDER.get(runs[place]!.state)!;
    // Of those that ended, the last ones first.
    const time = (place: number): number => -(runs[place]!.end ?? runs[place]!.start ?? 0);
    this.#places = [...runs.keys()].filter(accepts).sort((a, b) => rank(a) - rank(b) || time(a) - time(b) || a - b);
    this.#drawFilters();
    this.#drawRows();
  }

  #drawFilters(): void {
    const counts = this.#screen.build.counts();
    const shown = STATES.filter((state) => counts[state] > 0 || state === this.#wanted);
    while (this.#filters.children.length > shown.length) this.#filters.lastChild!.remove();
    for (const [index, state] of shown.entries()) {
      const button = (this.#filters.children[index] as HTMLElement | undefined) ?? this.#addFilter();
      button.dataset['state'] = state;
      button.title = MEANINGS[state];
      button.setAttribute('aria-pressed', String(state === this.#wanted));
      setText(button, `${state} ${counts[state]}`);
    }
  }

  #addFilter(): HTMLElement {
    const button = element('button', {
      type: 'button',
      click: () => {
        const state = button.dataset['state'] as State;
        this.#wanted = this.#wanted === state ? undefined : state;
        this.refresh();
      },
    });
    this.#filters.append(button);
    return button;
  }

  #drawRows(): void {
    const count = Math.ceil(this.#box.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS;
    const first = Math.max(0, Math.floor(this.#box.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const places = this.#places.slice(first, first + count);
    this.#rows.style.height = `${this.#places.length * ROW_HEIGHT}px`;
    while (this.#rows.children.length > places.length) this.#rows.lastChild!.remove();
    while (this.#rows.children.length < places.length) this.#rows.append(emptyRow());
    for (const [index, place] of places.entries())
      this.#drawRow(this.#rows.children[index] as HTMLElement, place, first + index);
    if (this.#screen.chosen === undefined) this.#box.removeAttribute('aria-activedescendant');
    else this.#box.setAttribute('aria-activedescendant', `action-${this.#screen.chosen}`);
  }

  #drawRow(row: HTMLElement, place: number, index: number): void {
    const { build, chosen, elapsedMs } = this.#screen;
    const run = build.runs[place]!;
    row.id = `action-${place}`;
    row.dataset['place'] = String(place);
    row.dataset['state'] = run.state;
    row.style.top = `${index * ROW_HEIGHT}px`;
    row.setAttribute('aria-selected', String(place === chosen));
    row.setAttribute('aria-setsize', String(this.#places.length));
    row.setAttribute('aria-posinset', String(index + 1));
    setText(row.children[1] as HTMLElement, build.nameOf(place));
    setText(row.children[2] as HTMLElement, runText(run, elapsedMs));
  }

  #move(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / ROW_HEIGHT) - 1);
    const steps: Readonly<Record<string, number>> = {
      ...{ ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity },
    };
    const step = steps[event.key];
    if (step === undefined || this.#places.length === 0) return;
    event.preventDefault();
    const now = this.#screen.chosen === undefined ? -1 : this.#places.indexOf(this.#screen.chosen);
    const next = Math.min(this.#places.length - 1, Math.max(0, now + step));
    this.#bringIntoSight(next);
    this.#screen.choose(this.#places[next]);
  }

  #bringIntoSight(index: number): void {
    const [top, bottom] = [index * ROW_HEIGHT, (index + 1) * ROW_HEIGHT];
    if (top < this.#box.scrollTop) this.#box.scrollTop = top;
    else if (bottom > this.#box.scrollTop + this.#box.clientHeight)
      this.#box.scrollTop = bottom - this.#box.clientHeight;
  }
}

function emptyRow(): HTMLElement {
  return element(
    'div',
    { class: 'row', role: 'option' },
    element('span', { class: 'mark', 'aria-hidden': 'true' }),
    element('span', { class: 'name' }),
    element('span', { class: 'what' }),
  );
}

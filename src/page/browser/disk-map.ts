/** A disk as a map: a cell for each MiB. Only what can be seen is drawn: a disk can have millions. */
import type { CellState, PageDisk } from '../artifacts/protocol.ts';
import { nextChange, rowsOf, STATES, statesOf, type Row } from './cells.ts';
import { colour, element, fitCanvas, onceAFrame, setText } from './dom.ts';

const CELL = 12;
const GAP = 2;
const ROW = CELL + GAP;
const LEFT = 8;

/** What a state means, for those who do not know the word. */
const MEANINGS: Readonly<Record<CellState, string>> = {
  empty: 'all zero',
  data: 'holds something',
  shared: 'the same in both builds',
  changed: 'not as in the other build',
  added: 'empty in the other build',
  removed: 'empty now, and was not in the other build',
};

export class DiskMap {
  readonly element: HTMLElement;
  readonly #canvas = element('canvas', {
    ...{ tabindex: 0, role: 'application', 'aria-roledescription': 'map of a disk' },
    'aria-label': 'Map of the disk: arrow keys lead from MiB to MiB, n and p to the next and the previous that differs',
  });
  readonly #space = element('div');
  readonly #box = element('div', { class: 'cells', scroll: () => this.#draw() }, this.#canvas, this.#space);
  readonly #legend = element('div', { class: 'legend' });
  readonly #said = element('span', { class: 'dim', role: 'status' });
  readonly #draw = onceAFrame(() => this.#drawAll());
  readonly #whenChosen: (cell: number) => void;
  #disk: PageDisk | undefined;
  #states: Uint8Array = new Uint8Array();
  #rows: readonly Row[] = [];
  #columns = 0;
  #chosen: number | undefined;

  constructor(whenChosen: (cell: number) => void) {
    this.#whenChosen = whenChosen;
    this.#canvas.addEventListener('click', ({ offsetX, offsetY }) => this.#choose(this.#at(offsetX, offsetY)));
    this.#canvas.addEventListener('mousemove', ({ offsetX, offsetY }) => {
      const cell = this.#at(offsetX, offsetY);
      this.#canvas.title = cell === undefined ? '' : this.#textOf(cell);
    });
    this.#canvas.addEventListener('keydown', (event) => this.#move(event));
    this.element = element('div', { class: 'diskmap' }, this.#legend, this.#said, this.#box);
    new ResizeObserver(() => this.#layOut()).observe(this.#box);
  }

  show(disk: PageDisk): void {
    this.#disk = disk;
    this.#states = statesOf(disk);
    this.#chosen = undefined;
    setText(this.#said, '');
    this.#tellLegend();
    this.#layOut();
  }

  refresh(): void {
    this.#draw();
  }

  /** How many cells are in each state; those that differ lead to the next one. */
  #tellLegend(): void {
    const counts = STATES.map((_state, index) => this.#states.reduce((sum, one) => sum + (one === index ? 1 : 0), 0));
    const items = STATES.map((state, index) => [state, counts[index]!] as const).filter(([, count]) => count > 0);
    const texts = items.map(([state, count]) =>
      element(
        'span',
        { title: MEANINGS[state], 'data-cell': state },
        element('span', { class: 'mark', 'aria-hidden': 'true' }),
        `${state} ${count.toLocaleString('en')} MiB`,
      ),
    );
    const go = (step: 1 | -1) => () => this.#choose(nextChange(this.#states, this.#chosen ?? -1, step));
    const differs = items.some(([state]) => ['changed', 'added', 'removed'].includes(state));
    const buttons = differs
      ? [
          element('button', { type: 'button', click: go(-1) }, '‹ previous change'),
          element('button', { type: 'button', click: go(1) }, 'next change ›'),
        ]
      : [];
    this.#legend.replaceChildren(...texts, ...buttons);
  }

  #layOut(): void {
    if (!this.#disk || this.#box.clientWidth === 0) return;
    this.#columns = Math.max(1, Math.floor((this.#box.clientWidth - 2 * LEFT) / ROW));
    this.#rows = rowsOf(this.#disk, this.#states, this.#columns);
    this.#space.style.height = `${Math.max(0, this.#rows.length * ROW - this.#box.clientHeight + ROW)}px`;
    this.#draw();
  }

  #drawAll(): void {
    const { clientWidth, clientHeight, scrollTop } = this.#box;
    if (clientWidth === 0) return;
    const context = fitCanvas(this.#canvas, clientWidth, clientHeight);
    const paints = STATES.map((state) => colour(`cell-${state}`));
    const [text, dim] = [colour('text'), colour('dim')];
    const marks = { chosen: colour('chosen'), inner: colour('ground') };
    const first = Math.floor(scrollTop / ROW);
    for (let at = first; at < this.#rows.length && (at - first - 1) * ROW < clientHeight; at++) {
      const row = this.#rows[at]!;
      const y = at * ROW - scrollTop;
      if (row.type === 'cells') this.#drawCells(context, row, y, paints, marks);
      else {
        context.font = `${row.type === 'title' ? '600 ' : ''}11px system-ui, sans-serif`;
        context.textBaseline = 'middle';
        context.fillStyle = row.type === 'title' ? text : dim;
        context.fillText(row.text, LEFT, y + ROW / 2);
      }
    }
  }

  /** What differs also has a mark of its own shape: not everybody tells its colour. */
  #drawCells(
    context: CanvasRenderingContext2D,
    { first, count }: Row & { type: 'cells' },
    y: number,
    paints: readonly string[],
    marks: { readonly chosen: string; readonly inner: string },
  ): void {
    for (let index = 0; index < count; index++) {
      const state = STATES[this.#states[first + index]!]!;
      const x = LEFT + index * ROW;
      context.fillStyle = context.strokeStyle = paints[this.#states[first + index]!]!;
      context.lineWidth = 1;
      if (state === 'empty') context.strokeRect(x + 0.5, y + 0.5, CELL - 1, CELL - 1);
      else context.fillRect(x, y, CELL, CELL);
      if (state === 'changed' || state === 'added' || state === 'removed') {
        const size = state === 'changed' ? 4 : 2;
        context.fillStyle = marks.inner;
        context.fillRect(x + (CELL - size) / 2, y + (CELL - size) / 2, size, size);
      }
      if (first + index !== this.#chosen) continue;
      context.strokeStyle = marks.chosen;
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, CELL + 2, CELL + 2);
    }
  }

  #at(x: number, y: number): number | undefined {
    const row = this.#rows[Math.floor((y + this.#box.scrollTop) / ROW)];
    const index = Math.floor((x - LEFT) / ROW);
    return row?.type === 'cells' && index >= 0 && index < row.count ? row.first + index : undefined;
  }

  #choose(cell: number | undefined): void {
    if (cell === undefined) return;
    this.#chosen = cell;
    const row = this.#rows.findIndex(
      (one) => one.type === 'cells' && one.first <= cell && cell < one.first + one.count,
    );
    const [top, { scrollTop, clientHeight }] = [row * ROW, this.#box];
    if (row >= 0 && (top < scrollTop || top + ROW > scrollTop + clientHeight))
      this.#box.scrollTop = top - clientHeight / 2;
    setText(this.#said, this.#textOf(cell));
    this.#draw();
    this.#whenChosen(cell);
  }

  #textOf(cell: number): string {
    return `MiB ${cell}: ${STATES[this.#states[cell]!]}`;
  }

  #move(event: KeyboardEvent): void {
    const from = this.#chosen ?? -1;
    const steps: Readonly<Record<string, () => number | undefined>> = {
      ArrowLeft: () => from - 1,
      ArrowRight: () => from + 1,
      ArrowUp: () => from - this.#columns,
      ArrowDown: () => from + this.#columns,
      n: () => nextChange(this.#states, from, 1),
      p: () => nextChange(this.#states, from, -1),
    };
    const next = steps[event.key]?.();
    if (next === undefined) return;
    event.preventDefault();
    if (next >= 0 && next < this.#states.length) this.#choose(next);
  }
}

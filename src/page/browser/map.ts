/** The graph as a map: what an action is made of stands left of it. Drawn on a canvas: there may be very many actions. */
import type { State } from '../protocol.ts';
import { STATES } from './build.ts';
import { colour, element, fitCanvas, onceAFrame } from './dom.ts';
import { layoutOf, type Cell, type Layout } from './layout.ts';
import type { Screen, View } from './screen.ts';
import { runText, shortText } from './words.ts';

/** More lines at once are a grey area. */
const MOST_LINES = 3000;
const FADED = 0.25;

type Paints = Readonly<Record<State | 'text' | 'dim' | 'line' | 'surface' | 'chosen' | 'causes' | 'follows', string>>;

export class GraphMap implements View {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #canvas = element('canvas', {
    ...{ tabindex: 0, role: 'application', 'aria-roledescription': 'map of the graph' },
    'aria-label': 'Map of the graph: arrow keys lead from action to action',
  });
  readonly #draw = onceAFrame(() => this.#drawAll());
  #layout: Layout | undefined;
  #laidOut = '';
  #inSight: number | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#canvas.addEventListener('click', (event) => this.#screen.choose(this.#at(event.offsetX, event.offsetY)));
    this.#canvas.addEventListener('mousemove', (event) => {
      const place = this.#at(event.offsetX, event.offsetY);
      this.#canvas.title = place === undefined ? '' : this.#textOf(place);
    });
    this.#canvas.addEventListener('keydown', (event) => this.#move(event));
    this.element = element('section', { class: 'map' }, this.#canvas);
  }

  refresh(): void {
    this.#draw();
  }

  #textOf(place: number): string {
    const { build, elapsedMs } = this.#screen;
    return `${build.nameOf(place)}: ${runText(build.runs[place]!, elapsedMs)}`;
  }

  #layOut(): Layout {
    const { clientWidth, clientHeight } = this.element;
    const { actions, head } = this.#screen.build;
    const now = [head.build, actions.length, clientWidth, clientHeight].join(' ');
    if (this.#layout && this.#laidOut === now) return this.#layout;
    this.#laidOut = now;
    const inputs = actions.map((action) => action.inputs);
    return (this.#layout = layoutOf(inputs, clientWidth, clientHeight));
  }

  #drawAll(): void {
    if (this.element.clientWidth === 0) return;
    const layout = this.#layOut();
    const { clientWidth, clientHeight } = this.element;
    const width = Math.max(layout.width, clientWidth - 1);
    const context = fitCanvas(this.#canvas, width, Math.max(layout.height, clientHeight - 4));
    const paints = paintsNow();
    const { build, chosen } = this.#screen;
    if (chosen !== undefined && chosen !== this.#inSight) this.#bringIntoSight(layout.cells[chosen]!);
    this.#inSight = chosen;
    const causes = chosen === undefined ? undefined : build.reached(chosen, 'inputs');
    const follows = chosen === undefined ? undefined : build.reached(chosen, 'users');
    const isNear = (place: number): boolean =>
      place === chosen || causes === undefined || causes.has(place) || follows!.has(place);
    this.#drawLines(context, layout, paints, isNear);
    for (const [place, cell] of layout.cells.entries()) {
      context.globalAlpha = isNear(place) ? 1 : FADED;
      const ring =
        place === chosen
          ? paints.chosen
          : causes?.has(place)
            ? paints.causes
            : follows?.has(place)
              ? paints.follows
              : undefined;
      this.#drawCell(context, layout, cell, place, paints, ring);
    }
    context.globalAlpha = 1;
  }

  #drawLines(
    context: CanvasRenderingContext2D,
    layout: Layout,
    paints: Paints,
    isNear: (place: number) => boolean,
  ): void {
    const { build, chosen } = this.#screen;
    const lines = build.actions.flatMap(({ inputs }, place) =>
      inputs.flatMap((input) =>
        layout.named || place === chosen || input === chosen ? [[input, place] as const] : [],
      ),
    );
    if (lines.length > MOST_LINES) return;
    const { cellWidth, cellHeight, cells } = layout;
    context.strokeStyle = paints.line;
    for (const [from, to] of lines) {
      const [start, end] = [cells[from]!, cells[to]!];
      const [x1, y1] = [start.x + cellWidth, start.y + cellHeight / 2];
      const [x2, y2] = [end.x, end.y + cellHeight / 2];
      const bend = Math.max(12, (x2 - x1) / 2);
      context.globalAlpha = isNear(from) && isNear(to) ? 1 : FADED;
      context.lineWidth = chosen !== undefined && isNear(from) && isNear(to) ? 1.75 : 1;
      context.beginPath();
      context.moveTo(x1, y1);
      context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
      context.stroke();
    }
  }

  #drawCell(
    context: CanvasRenderingContext2D,
    { cellWidth, cellHeight, named }: Layout,
    { x, y }: Cell,
    place: number,
    paints: Paints,
    ring: string | undefined,
  ): void {
    const { state, percent } = this.#screen.build.runs[place]!;
    if (!named) {
      context.fillStyle = paints[state];
      context.fillRect(x, y, cellWidth, cellHeight);
      if (ring) strokeAround(context, x, y, cellWidth, cellHeight, ring);
      return;
    }
    context.fillStyle = paints.surface;
    context.fillRect(x, y, cellWidth, cellHeight);
    if (state === 'running' && percent !== undefined) {
      context.save();
      context.globalAlpha *= FADED;
      context.fillStyle = paints.running;
      context.fillRect(x, y, (cellWidth * percent) / 100, cellHeight);
      context.restore();
    }
    context.fillStyle = paints[state];
    context.fillRect(x, y, 5, cellHeight);
    strokeAround(context, x, y, cellWidth, cellHeight, ring ?? paints.line, ring ? 2 : 1);
    const { build, elapsedMs } = this.#screen;
    const { label, mnemonic } = build.actions[place]!;
    context.textBaseline = 'middle';
    context.font = '600 12px system-ui, sans-serif';
    context.fillStyle = paints.text;
    context.fillText(shortened(context, label, cellWidth - 16), x + 11, y + 12);
    context.font = '11px system-ui, sans-serif';
    context.fillStyle = paints.dim;
    const what = `${shortText(build.runs[place]!, elapsedMs)} · ${mnemonic}`;
    context.fillText(shortened(context, what, cellWidth - 16), x + 11, y + cellHeight - 11);
  }

  #at(x: number, y: number): number | undefined {
    const layout = this.#layout;
    if (!layout) return undefined;
    const place = layout.cells.findIndex(
      (cell) => x >= cell.x && x <= cell.x + layout.cellWidth && y >= cell.y && y <= cell.y + layout.cellHeight,
    );
    return place < 0 ? undefined : place;
  }

  #move(event: KeyboardEvent): void {
    const { build, chosen } = this.#screen;
    const cells = this.#layout?.cells ?? [];
    if (!event.key.startsWith('Arrow') || cells.length === 0) return;
    event.preventDefault();
    const from = cells[chosen ?? -1];
    if (chosen === undefined || !from) return this.#screen.choose(0);
    const beside = event.key === 'ArrowLeft' ? build.actions[chosen]!.inputs : build.users[chosen]!;
    const column = [...cells.keys()].filter((place) =>
      event.key === 'ArrowUp' ? isAbove(cells[place]!, from) : isAbove(from, cells[place]!),
    );
    const among = event.key === 'ArrowLeft' || event.key === 'ArrowRight' ? beside : column;
    const distance = (place: number): number => Math.abs(cells[place]!.y - from.y);
    const [next] = [...among].sort((a, b) => distance(a) - distance(b));
    if (next !== undefined) this.#screen.choose(next);
  }

  #bringIntoSight({ x, y }: Cell): void {
    const { cellWidth, cellHeight } = this.#layout!;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.element;
    if (x < scrollLeft || x + cellWidth > scrollLeft + clientWidth) this.element.scrollLeft = x - clientWidth / 2;
    if (y < scrollTop || y + cellHeight > scrollTop + clientHeight) this.element.scrollTop = y - clientHeight / 2;
  }
}

function isAbove(one: Cell, other: Cell): boolean {
  return one.x === other.x && one.y < other.y;
}

function strokeAround(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  paint: string,
  thickness = 2,
): void {
  context.lineWidth = thickness;
  context.strokeStyle = paint;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

function paintsNow(): Paints {
  const names = [...STATES, 'text', 'dim', 'line', 'surface', 'chosen', 'causes', 'follows'];
  return Object.fromEntries(names.map((name) => [name, colour(name)])) as Paints;
}

/** The middle of a label says least. */
function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let kept = text.length - 1;
  const cut = (): string => `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
  while (kept > 4 && context.measureText(cut()).width > width) kept--;
  return cut();
}

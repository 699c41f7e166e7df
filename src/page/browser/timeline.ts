/** When what ran: a row for each that ran at the same time, phases above, and what all of it waited for. */
import { criticalPath } from '../../graph/critical-path.ts';
import { formatDuration } from '../../report/format.ts';
import { colour, element, fitCanvas, onceAFrame } from './dom.ts';
import type { Screen, View } from './screen.ts';
import { runText } from './words.ts';

const ROW_HEIGHT = 22;
const BAR_HEIGHT = 14;
const TOP = 24;
const LEFT = 8;
const ZOOMS = [1, 2, 4, 8, 16, 32] as const;
/** What a canvas can be as wide as. */
const MOST_PIXELS = 16_000;

/** A piece of time in a row. */
interface Bar {
  readonly row: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly paint: string;
  readonly place?: number;
  readonly pastMs?: number;
}

export class TimeLine implements View {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #canvas = element('canvas', { role: 'img', 'aria-label': 'Time line' });
  readonly #box = element(
    'div',
    { class: 'time', tabindex: 0, 'aria-label': 'Time line', role: 'group' },
    this.#canvas,
  );
  readonly #note = element('span', { class: 'dim' });
  readonly #draw = onceAFrame(() => this.#drawAll());
  #zoom = 0;
  #bars: readonly Bar[] = [];
  #scale = 1;

  constructor(screen: Screen) {
    this.#screen = screen;
    const zoom = (by: number) => () => {
      this.#zoom = Math.min(ZOOMS.length - 1, Math.max(0, this.#zoom + by));
      this.#draw();
    };
    this.#box.addEventListener('keydown', ({ key }) => {
      if (key === '+' || key === '-') zoom(key === '+' ? 1 : -1)();
    });
    this.#canvas.addEventListener('click', (event) => this.#screen.choose(this.#at(event)?.place));
    this.#canvas.addEventListener('mousemove', (event) => (this.#canvas.title = this.#at(event)?.text ?? ''));
    const bar = element(
      'div',
      { class: 'toolbar' },
      element('button', { type: 'button', 'aria-label': 'Show less time', click: zoom(1) }, '+'),
      element('button', { type: 'button', 'aria-label': 'Show more time', click: zoom(-1) }, '−'),
      this.#note,
    );
    this.element = element('section', { class: 'timeline' }, bar, this.#box);
  }

  refresh(): void {
    this.#draw();
  }

  #drawAll(): void {
    const width = this.#box.clientWidth;
    if (width === 0) return;
    const { path, bars, rows } = this.#barsNow();
    this.#bars = bars;
    const end = Math.max(1, this.#screen.elapsedMs, ...path.map((bar) => bar.end));
    const wide = Math.min(MOST_PIXELS, (width - 2) * ZOOMS[this.#zoom]!);
    this.#scale = (wide - 2 * LEFT) / end;
    const height = Math.max(TOP + rows * ROW_HEIGHT + 8, this.#box.clientHeight - 4);
    const context = fitCanvas(this.#canvas, wide, height);
    this.#drawScale(context, wide, height, end);
    for (const bar of bars) this.#drawBar(context, bar);
    const critical = path.reduce((sum, bar) => sum + bar.end - bar.start, 0);
    this.#note.textContent =
      path.length === 0
        ? 'nothing has run'
        : `critical path: ${formatDuration(critical)}, ${path.length} of the actions that ran; outlines: the last run`;
    this.#canvas.setAttribute('aria-label', `Time line. ${this.#note.textContent}`);
  }

  /** Rows: phases, the critical path, and as many as ran at the same time. */
  #barsNow(): { readonly path: readonly Bar[]; readonly bars: readonly Bar[]; readonly rows: number } {
    const { build, elapsedMs } = this.#screen;
    const ran = build.runs.flatMap(({ state, start, end = elapsedMs, waitedMs = 0 }, place) =>
      start === undefined ? [] : [{ place, state, start, end: Math.max(start, end), waitedMs }],
    );
    const byPlace = new Map(ran.map((one) => [one.place, one]));
    const path = criticalPath(ran, ({ place }) =>
      build.actions[place]!.inputs.flatMap((input) => byPlace.get(input) ?? []),
    );
    const barOf = ({ place, state, start, end }: (typeof ran)[number], row: number): Bar => {
      const pastMs = build.actions[place]!.pastMs;
      const text = `${build.nameOf(place)}: ${runText(build.runs[place]!, elapsedMs)}`;
      return { row, start, end, text, paint: state, place, ...(pastMs === undefined ? {} : { pastMs }) };
    };
    const phases = build.head.phases.map(({ name, start, end }) => {
      return {
        row: 0,
        start: Math.max(0, start),
        end,
        text: `${name}: ${formatDuration(end - start)}`,
        paint: 'phase',
      };
    });
    const onPath = path.map((one) => ({ ...barOf(one, 1), paint: 'critical' }));
    const free: number[] = [];
    const others = ran
      .toSorted((a, b) => a.start - b.start)
      .map((one) => {
        const found = free.findIndex((until) => until <= one.start);
        const row = found < 0 ? free.length : found;
        free[row] = one.end;
        return barOf(one, row + 2);
      });
    return { path: onPath, bars: [...phases, ...onPath, ...others], rows: free.length + 2 };
  }

  #drawScale(context: CanvasRenderingContext2D, width: number, height: number, end: number): void {
    const step = niceStep((end * 110) / width);
    context.font = '11px system-ui, sans-serif';
    context.textBaseline = 'top';
    for (let time = 0; time <= end; time += step) {
      const x = LEFT + time * this.#scale;
      context.fillStyle = colour('line');
      context.fillRect(x, 0, 1, height);
      context.fillStyle = colour('dim');
      context.fillText(formatDuration(time), x + 3, 4);
    }
  }

  #drawBar(context: CanvasRenderingContext2D, { row, start, end, text, paint, place, pastMs }: Bar): void {
    const [x, y] = [LEFT + start * this.#scale, TOP + row * ROW_HEIGHT];
    const width = Math.max(1.5, (end - start) * this.#scale);
    context.fillStyle = colour(paint);
    context.fillRect(x, y, width, BAR_HEIGHT);
    if (pastMs !== undefined && row > 1) {
      context.strokeStyle = colour('dim');
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, Math.max(1, pastMs * this.#scale), BAR_HEIGHT - 1);
    }
    if (place !== undefined && place === this.#screen.chosen) {
      context.strokeStyle = colour('chosen');
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, width + 2, BAR_HEIGHT + 2);
    }
    if (width < 60) return;
    context.save();
    context.beginPath();
    context.rect(x, y, width - 4, BAR_HEIGHT);
    context.clip();
    context.fillStyle = colour('on-bar');
    context.textBaseline = 'middle';
    context.fillText(text, x + 4, y + BAR_HEIGHT / 2 + 0.5);
    context.restore();
  }

  #at({ offsetX, offsetY }: MouseEvent): Bar | undefined {
    const row = Math.floor((offsetY - TOP) / ROW_HEIGHT);
    const reach = 2;
    return this.#bars.find(
      (bar) =>
        bar.row === row &&
        offsetX >= LEFT + bar.start * this.#scale - reach &&
        offsetX <= LEFT + bar.end * this.#scale + reach,
    );
  }
}

/** 1, 2 or 5 times a power of ten, of milliseconds; of seconds as clocks count them. */
function niceStep(least: number): number {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  ];
  return steps.find((step) => step >= least) ?? 3_600_000;
}

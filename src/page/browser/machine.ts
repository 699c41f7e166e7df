/** A machine of an action: what its screen and its console showed at a time, the last by default. */
import { formatClock, formatDuration } from '../../report/format.ts';
import type { PageMoment } from '../protocol.ts';
import { element, setText } from './dom.ts';

/** Of a console, what is shown at once. */
const MOST_CHARACTERS = 64 * 1024;

export class MachineView {
  readonly element = element('section', { class: 'machine' });
  readonly #title = element('h3');
  readonly #picture = element('img', { hidden: true });
  readonly #time = element('input', { type: 'range', min: 0, step: 1, input: () => this.#draw() });
  readonly #when = element('span', { class: 'dim' });
  readonly #console = element('pre', { tabindex: 0, 'aria-label': 'serial console' });
  readonly #number: number;
  #moments: readonly PageMoment[] = [];
  #elapsedMs = 0;
  #shown: PageMoment | undefined;

  constructor(machine: number) {
    this.#number = machine;
    this.#time.setAttribute('aria-label', `time of machine ${machine}`);
    const bar = element('div', { class: 'toolbar' }, this.#time, this.#when);
    this.element.append(this.#title, this.#picture, bar, this.#console);
  }

  /** `elapsedMs`: how old the build is, while the machine may show more. */
  show(moments: readonly PageMoment[], elapsedMs: number | undefined): void {
    const wasLast = Number(this.#time.value) >= this.#moments.length - 1;
    this.#moments = moments;
    this.#elapsedMs = elapsedMs ?? 0;
    this.#time.max = String(moments.length - 1);
    if (wasLast) this.#time.value = String(moments.length - 1);
    setText(this.#title, `machine ${this.#number}`);
    this.#draw();
  }

  release(): void {
    URL.revokeObjectURL(this.#picture.src);
  }

  #draw(): void {
    const index = Number(this.#time.value);
    const until = this.#moments.slice(0, index + 1);
    const moment = until.at(-1);
    if (!moment) return;
    const pictured = until.findLast(({ picture }) => picture !== undefined);
    const isLast = index === this.#moments.length - 1;
    const age = isLast && this.#elapsedMs > 0 ? `, ${formatDuration(this.#elapsedMs - moment.at)} ago` : '';
    setText(this.#when, `at ${formatClock(moment.at)}${age}`);
    this.#time.setAttribute('aria-valuetext', `at ${formatClock(moment.at)}`);
    if (pictured !== this.#shown) this.#drawPicture(pictured);
    this.#shown = pictured;
    const text = until.map(({ console = '' }) => console).join('');
    const wasAtEnd = this.#console.scrollTop + this.#console.clientHeight >= this.#console.scrollHeight - 4;
    setText(this.#console, text.slice(-MOST_CHARACTERS) || 'the serial console has said nothing');
    if (wasAtEnd) this.#console.scrollTop = this.#console.scrollHeight;
  }

  #drawPicture(moment: PageMoment | undefined): void {
    this.release();
    const png = decoded(moment?.picture);
    this.#picture.hidden = png === undefined;
    if (!moment || !png) return;
    this.#picture.src = URL.createObjectURL(png);
    this.#picture.alt = `screen of machine ${this.#number} at ${formatClock(moment.at)}`;
  }
}

/** A picture that cannot be decoded is left out: the rest of the page is worth seeing without it. */
function decoded(picture = ''): Blob | undefined {
  if (picture === '') return undefined;
  try {
    return new Blob([Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0))], { type: 'image/png' });
  } catch {
    return undefined;
  }
}

/** What an action has made: disks as maps, and whatever lies in its outputs. */
import { formatBytes } from '../../report/format.ts';
import type { PageDisk, PageOutput } from '../artifacts/protocol.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { cellPanel } from './cell.ts';
import { DiskMap } from './disk-map.ts';
import { element } from './dom.ts';
import { itemPanel } from './item.ts';
import type { Screen, View } from './screen.ts';

/** The results of actions that have just ended come into the store a moment later. */
const ASK_AGAIN_MS = 2000;

export class OutputsView implements View {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #source: () => ArtifactSource;
  readonly #title = element('h2');
  readonly #outputs = element('div', { class: 'toolbar', role: 'group', 'aria-label': 'Outputs' });
  readonly #crumbs = element('nav', { class: 'toolbar', 'aria-label': 'Way' });
  readonly #body = element('div', { class: 'body' });
  readonly #below = element('div', { class: 'below', 'aria-live': 'polite' });
  readonly #map = new DiskMap((cell) => void this.#showCell(cell));
  #place: number | undefined;
  #state = '';
  #output = '';
  #isDisk = false;
  /** When outputs that were not there are asked for again; 0 where they were. */
  #askAgain = 0;
  #disk: PageDisk | undefined;
  /** What was asked for last: an answer to an earlier question is too late. */
  #question = 0;

  /** `source` is asked each time: a page whose server ends has what it kept. */
  constructor(screen: Screen, source: () => ArtifactSource) {
    this.#screen = screen;
    this.#source = source;
    this.element = element(
      'section',
      { class: 'outputs' },
      this.#title,
      this.#outputs,
      this.#crumbs,
      this.#body,
      this.#below,
    );
  }

  refresh(): void {
    const { build } = this.#screen;
    const place = this.#screen.chosen ?? this.#asked();
    const state = `${build.head.build} ${place === undefined ? '' : build.runs[place]?.state}`;
    if (place !== this.#place || state !== this.#state) {
      [this.#place, this.#state] = [place, state];
      void this.#begin();
    }
    if (this.#askAgain > 0 && performance.now() > this.#askAgain) void this.#begin();
    this.#map.refresh();
  }

  /** The action that gives the first target that was asked for: none of the same target reads its outputs. */
  #asked(): number | undefined {
    const { actions, users, head } = this.#screen.build;
    const isOwn = (place: number): boolean => actions[place]!.label === head.asked[0];
    const place = actions.findLastIndex((_action, place) => isOwn(place) && !users[place]!.some(isOwn));
    return place < 0 ? undefined : place;
  }

  async #begin(): Promise<void> {
    const place = this.#place;
    const name = place === undefined ? '' : this.#screen.build.nameOf(place);
    this.#title.textContent = place === undefined ? 'Choose an action: this shows what it has made.' : name;
    this.#clear();
    this.#askAgain = 0;
    this.#outputs.replaceChildren();
    if (place === undefined) return;
    const outputs = await this.#answer(this.#source().outputs(place));
    if (!outputs) return;
    this.#outputs.replaceChildren(...outputs.map((output) => this.#button(output)));
    const [first] = outputs;
    this.#askAgain = first ? 0 : performance.now() + ASK_AGAIN_MS;
    if (first) this.#open(first);
    else this.#say('It has no outputs: it has not ended yet, it failed, or they have left the store.');
  }

  #button(output: PageOutput): HTMLElement {
    const { name, kind, size } = output;
    const text = `${name} · ${kind}${size === undefined ? '' : ` · ${formatBytes(size)}`}`;
    const button = element('button', { type: 'button', 'data-output': name, click: () => this.#open(output) }, text);
    return button;
  }

  #open({ name, kind, problem }: PageOutput): void {
    this.#output = name;
    this.#isDisk = kind === 'disk' || kind === 'image';
    for (const button of this.#outputs.children)
      button.setAttribute('aria-pressed', String((button as HTMLElement).dataset['output'] === name));
    if (problem !== undefined) {
      this.#clear();
      this.#say(problem);
    } else if (this.#isDisk) void this.#showDisk();
    else void this.#showItem([name]);
  }

  async #showDisk(since?: string): Promise<void> {
    this.#clear();
    const disk = await this.#answer(this.#source().disk(this.#place!, this.#output, since));
    if (!disk) return;
    this.#disk = disk;
    this.#tellModes(
      'map',
      this.#comparison(disk, (build) => void this.#showDisk(build)),
    );
    this.#body.replaceChildren(this.#map.element);
    this.#map.show(disk);
  }

  async #showDifference(since?: string): Promise<void> {
    this.#clear();
    this.#say('looking for what differs');
    const told = await this.#answer(this.#source().difference(this.#place!, this.#output, since));
    if (!told) return;
    this.#tellModes(
      'changes',
      this.#comparison(told, (build) => void this.#showDifference(build)),
    );
    if (told.since)
      this.#body.replaceChildren(element('pre', { tabindex: 0, 'aria-label': 'changes' }, told.lines.join('\n')));
    else this.#say('No other build that is known has another output here.');
  }

  /** The ways to look at an output; then what else belongs to the one that is shown. */
  #tellModes(mode: 'map' | 'files' | 'changes', ...more: readonly (Node | string)[]): void {
    const modes = {
      ...(this.#isDisk ? { map: () => void this.#showDisk() } : {}),
      files: () => void this.#showItem([this.#output]),
      changes: () => void this.#showDifference(),
    };
    const buttons = Object.entries(modes).map(([name, show]) =>
      element('button', { type: 'button', 'aria-pressed': String(name === mode), click: show }, name),
    );
    this.#crumbs.replaceChildren(...buttons, ...more);
  }

  /** With which build, and a choice of others where there are some. */
  #comparison({ since, others }: Pick<PageDisk, 'since' | 'others'>, choose: (build: string) => void): HTMLElement {
    const text = (startedAt: number): string => new Date(startedAt).toLocaleString();
    if (others.length === 0)
      return element(
        'span',
        { class: 'dim' },
        since ? `compared with ${text(since.startedAt)}` : 'no other build has another one',
      );
    const options = others.map(({ build, startedAt }) =>
      element('option', { value: build, selected: build === since?.build }, text(startedAt)),
    );
    const none = since ? [] : [element('option', { value: '', selected: true }, 'none')];
    const select = element('select', { change: () => choose(select.value) }, ...none, ...options);
    return element('label', {}, 'compared with ', select);
  }

  async #showCell(cell: number): Promise<void> {
    const told = await this.#answer(
      this.#source().cell(this.#place!, this.#output, cell, this.#disk?.since?.build),
      this.#below,
    );
    if (!told) return;
    const links = {
      openItem: (names: readonly string[]) => void this.#showItem(names),
      chooseAction: (place: number) => this.#screen.choose(place),
    };
    this.#below.replaceChildren(cellPanel(told, links));
  }

  async #showItem(names: readonly string[]): Promise<void> {
    this.#clear();
    this.#tellWay([], []);
    const place = this.#place!;
    const item = await this.#answer(this.#source().item(place, names));
    if (!item) return;
    this.#tellWay(names, item.way);
    const links = {
      open: (name: string) => void this.#showItem([...names, name]),
      download: () => void this.#download(place, names),
    };
    this.#body.replaceChildren(itemPanel(item, links));
  }

  /** The names on the way, each of which leads back. */
  #tellWay(names: readonly string[], shown: readonly string[]): void {
    const way = names.map((_name, index) => {
      const go = (): void => void this.#showItem(names.slice(0, index + 1));
      return element('button', { type: 'button', class: 'link', click: go }, shown[index]!);
    });
    this.#tellModes('files', ...way.flatMap((one, index) => (index === 0 ? [one] : [' › ', one])));
  }

  async #download(place: number, names: readonly string[]): Promise<void> {
    const address = await this.#answer(this.#source().address(place, names), this.#below);
    if (address !== undefined) element('a', { href: address, download: '' }).click();
  }

  #clear(): void {
    this.#question++;
    this.#crumbs.replaceChildren();
    this.#body.replaceChildren();
    this.#below.replaceChildren();
  }

  /** What is told, unless the reader has gone on meanwhile; why nothing is told goes to the reader. */
  async #answer<T>(asked: Promise<T>, where = this.#body): Promise<T | undefined> {
    const question = ++this.#question;
    try {
      const told = await asked;
      return question === this.#question ? told : undefined;
    } catch (error) {
      if (question === this.#question) this.#say((error as Error).message, where);
      return undefined;
    }
  }

  #say(text: string, where = this.#body): void {
    where.replaceChildren(element('p', { class: 'dim' }, text));
  }
}

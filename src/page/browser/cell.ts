/** One MiB of a disk: what lies in it, where that comes from, and what changed in what made it. */
import { formatBytes } from '../../report/format.ts';
import type { PageCell, PageStep, PageUse } from '../artifacts/protocol.ts';
import { element } from './dom.ts';

/** What a reader can go on to. */
export interface CellLinks {
  readonly openItem: (names: readonly string[]) => void;
  readonly chooseAction: (place: number) => void;
}

/** What differs comes first, then why; what only lies beside it can be asked for. */
export function cellPanel({ index, region, uses, leftOut, why, problems }: PageCell, links: CellLinks): HTMLElement {
  const differ = uses.filter(({ changed = 0 }) => changed > 0);
  const [first, rest] = differ.length > 0 ? [differ, uses.slice(differ.length)] : [uses, []];
  const all = rest.length + leftOut;
  const more = leftOut > 0 ? [element('li', { class: 'dim' }, `${leftOut} more`)] : [];
  const beside = element(
    'details',
    {},
    element('summary', {}, `unchanged beside it: ${all}`),
    listOf(rest, links, more),
  );
  return element(
    'div',
    { class: 'cell' },
    element('h3', {}, `MiB ${index}`, element('span', { class: 'dim' }, ` ${region}`)),
    listOf(first, links, rest.length > 0 ? [] : more),
    ...(why.length > 0 ? [element('h3', {}, 'why'), element('pre', { tabindex: 0 }, why.join('\n'))] : []),
    ...(rest.length > 0 ? [beside] : []),
    ...problems.map((problem) => element('p', { class: 'warning' }, problem)),
  );
}

function listOf(uses: readonly PageUse[], links: CellLinks, more: readonly HTMLElement[]): HTMLElement {
  const items = uses.map((use) => element('li', {}, ...useLine(use, links), trailOf(use.trail, links)));
  return element('ul', {}, ...items, ...more);
}

function useLine({ kind, name, at, bytes, changed }: PageUse, { openItem }: CellLinks): (Node | string)[] {
  const what = kind === 'other' ? [] : [`${kind} `];
  const title = at
    ? element('button', { type: 'button', class: 'link', click: () => openItem(at) }, name)
    : element('strong', {}, name);
  const differs = changed === undefined ? '' : changed > 0 ? `, ${formatBytes(changed)} of it changed` : ', unchanged';
  return [...what, title, element('span', { class: 'dim' }, ` ${formatBytes(bytes)} here${differs}`)];
}

function trailOf(steps: readonly PageStep[], { chooseAction }: CellLinks): HTMLElement {
  const items = steps.map(({ text, place }) => {
    if (place === undefined) return element('li', {}, text);
    return element(
      'li',
      {},
      element('button', { type: 'button', class: 'link', click: () => chooseAction(place) }, text),
    );
  });
  return element('ol', { class: 'trail' }, ...items);
}

/** What is at a place of an output: a list of entries, a text, a picture, or size and digest of all else. */
import { formatBytes } from '../../report/format.ts';
import type { PageEntry, PageItem } from '../artifacts/protocol.ts';
import { element } from './dom.ts';

/** What a reader can go on to. */
export interface ItemLinks {
  /** An entry of what is shown. */
  readonly open: (name: string) => void;
  readonly download: () => void;
}

export function itemPanel(item: PageItem, links: ItemLinks): HTMLElement {
  const { entry, format, digest, entries, leftOut = 0, text, textLeftOut = 0, picture, problem } = item;
  const said = [format, entry.properties, entry.size === undefined ? undefined : formatBytes(entry.size), digest];
  const save =
    entry.type === 'file' ? [element('button', { type: 'button', click: () => links.download() }, 'download')] : [];
  return element(
    'div',
    { class: 'item' },
    element('p', { class: 'dim' }, said.filter(Boolean).join(' · '), ' ', ...save),
    ...(problem === undefined ? [] : [element('p', { class: 'warning' }, problem)]),
    ...(entry.target === undefined ? [] : [element('p', {}, `leads to ${entry.target}`)]),
    ...(entries ? [listOf(entries, leftOut, links)] : []),
    ...(picture ? [pictureOf(picture, entry.shown)] : []),
    ...(text === undefined ? [] : [element('pre', { tabindex: 0, 'aria-label': 'content' }, text || 'an empty file')]),
    ...(textLeftOut > 0 ? [element('p', { class: 'dim' }, `and ${formatBytes(textLeftOut)} more`)] : []),
  );
}

function listOf(entries: readonly PageEntry[], leftOut: number, { open }: ItemLinks): HTMLElement {
  if (entries.length === 0) return element('p', { class: 'dim' }, 'nothing is in it');
  const rows = entries.map(({ name, shown, type, size, target, properties = '' }) => {
    const text = `${shown}${type === 'directory' ? '/' : ''}${target === undefined ? '' : ` -> ${target}`}`;
    const isLeaf = type === 'symlink' || type === 'special';
    const title = isLeaf ? text : element('button', { type: 'button', class: 'link', click: () => open(name) }, text);
    const bytes = size === undefined ? '' : formatBytes(size);
    return element('tr', {}, ...[title, bytes, properties].map((one) => element('td', {}, one)));
  });
  const heads = ['name', 'size', 'properties'].map((title) => element('th', { scope: 'col' }, title));
  return element(
    'table',
    { class: 'entries' },
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...rows),
    ...(leftOut > 0 ? [element('caption', {}, `${leftOut} more are not listed`)] : []),
  );
}

/** The server has said that it is a raster picture; whatever it is, an image element runs nothing of it. */
function pictureOf({ type, data }: NonNullable<PageItem['picture']>, name: string): HTMLElement {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const release = (): void => URL.revokeObjectURL(address);
  return element('img', { src: address, alt: name, load: release, error: release });
}

/** Leads into outputs by names: folders, disks, file systems, archives, whatever lies in what. All of it comes from strangers. */
import type { Store } from '../../../cache/store.ts';
import type { Entries } from '../../../cache/tree.ts';
import { Unpacker } from '../../compare/index.ts';
import type { ByteSource } from '../../disk/index.ts';
import { storedXz } from '../../execute/stored-toolchains.ts';
import { temporaryFolder } from '../../execute/temporary-folder.ts';
import { toDiagnostic } from '../../model/diagnostic.ts';
import { printable } from '../../report/printable.ts';
import { MOST_NAMES, treeFolder, type Folder, type Item } from './folder.ts';
import { lookInside, type Inside } from './inside.ts';
import { pictureType } from './picture.ts';
import type { PageEntry, PageItem } from './protocol.ts';
import { textOf } from './text.ts';

const MOST_ENTRIES = 2000;
/** Of what is compressed in a file. */
const MOST_UNPACKED_BYTES = 512 * 1024 * 1024;
/** Files that were looked into lately. */
const KEPT = 6;

interface Opened extends Disposable {
  readonly inside: Promise<Inside>;
}

interface Unpacking extends Disposable {
  readonly unpacker: Unpacker;
}

export class Browser implements Disposable {
  readonly #store: Store;
  readonly #root: string;
  readonly #opened = new Map<string, Opened>();

  constructor(store: Store, root: string) {
    this.#store = store;
    this.#root = root;
  }

  /** What is at the end of a way of names, the first of which is an output's. Undefined where there is nothing. */
  async item(outputs: Entries, names: readonly string[]): Promise<PageItem | undefined> {
    const item = await this.#find(outputs, names);
    if (!item) return undefined;
    const common = {
      way: names.map(printable),
      entry: entryOf(names.at(-1)!, item),
      ...(item.digest === undefined ? {} : { digest: item.digest }),
    };
    try {
      return { ...common, ...(await this.#told(outputs, names, item)) };
    } catch (error) {
      return { ...common, problem: printable(toDiagnostic(error).message) };
    }
  }

  /** The bytes of a file; undefined where there is none. */
  async content(outputs: Entries, names: readonly string[]): Promise<ByteSource | undefined> {
    return (await this.#find(outputs, names))?.content?.();
  }

  [Symbol.dispose](): void {
    for (const opened of this.#opened.values()) opened[Symbol.dispose]();
    this.#opened.clear();
  }

  async #find(outputs: Entries, names: readonly string[]): Promise<Item | undefined> {
    if (names.length === 0 || names.length > MOST_NAMES) return undefined;
    let folder: Folder | undefined = treeFolder(this.#store, outputs);
    let item: Item | undefined;
    for (const [index, name] of names.entries()) {
      if (item) folder = item.folder?.() ?? (await this.#inside(outputs, names.slice(0, index), item))?.folder;
      item = folder?.find(name);
      if (!item) return undefined;
    }
    return item;
  }

  async #told(outputs: Entries, names: readonly string[], item: Item): Promise<Partial<PageItem>> {
    if (item.folder) return listed(item.folder());
    const inside = await this.#inside(outputs, names, item);
    const format = inside?.format === undefined ? {} : { format: inside.format };
    if (inside?.folder) return { ...format, ...listed(inside.folder) };
    const source = inside?.content ?? item.content?.();
    if (!source) return {};
    const type = pictureType(source);
    if (type !== undefined)
      return { ...format, picture: { type, data: source.read(0, source.size).toString('base64') } };
    return { ...format, ...textOf(source) };
  }

  async #inside(outputs: Entries, names: readonly string[], item: Item): Promise<Inside | undefined> {
    const source = item.content?.();
    if (!source) return undefined;
    const [output = ''] = names;
    const node = outputs.get(output);
    const key = JSON.stringify([node && 'digest' in node ? node.digest.hash : '', ...names]);
    const opened = this.#opened.get(key) ?? this.#open(source);
    this.#opened.delete(key);
    this.#opened.set(key, opened);
    if (this.#opened.size > KEPT) this.#close(this.#opened.keys().next().value!);
    return opened.inside;
  }

  #close(key: string): void {
    this.#opened.get(key)?.[Symbol.dispose]();
    this.#opened.delete(key);
  }

  /** Each has a folder of its own, if something must be unpacked. */
  #open(source: ByteSource): Opened {
    let unpacking: Promise<Unpacking> | undefined;
    const inside = lookInside(source, async () => (await (unpacking ??= this.#unpacking())).unpacker);
    // Whoever asks for it is told.
    inside.catch(() => {});
    return { inside, [Symbol.dispose]: () => void unpacking?.then((one) => one[Symbol.dispose]()) };
  }

  async #unpacking(): Promise<Unpacking> {
    const xz = await storedXz(this.#store, this.#root);
    const folder = temporaryFolder(this.#store);
    const unpacker = new Unpacker(folder.path, xz ?? ['xz'], undefined, MOST_UNPACKED_BYTES);
    return {
      unpacker,
      [Symbol.dispose]() {
        unpacker[Symbol.dispose]();
        folder[Symbol.dispose]();
      },
    };
  }
}

function listed(folder: Folder): Pick<PageItem, 'entries' | 'leftOut'> {
  const entries: PageEntry[] = [];
  let leftOut = 0;
  for (const [name, item] of folder.entries())
    if (entries.length < MOST_ENTRIES) entries.push(entryOf(name, item));
    else leftOut++;
  const rank = ({ type }: PageEntry): number => (type === 'directory' ? 0 : 1);
  entries.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return { entries, ...(leftOut > 0 ? { leftOut } : {}) };
}

function entryOf(name: string, { type, size, target, properties = {} }: Item): PageEntry {
  const told = Object.values(properties).join(' ');
  return {
    ...{ name, shown: printable(name), type },
    ...(size === undefined ? {} : { size }),
    ...(target === undefined ? {} : { target: printable(target) }),
    ...(told === '' ? {} : { properties: printable(told) }),
  };
}

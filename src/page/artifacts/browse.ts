/** Leads into outputs by names: folders, disks, file systems, archives, whatever lies in what. All of it comes from strangers. */
import type { Store } from '../../../cache/store.ts';
import type { Entries } from '../../../cache/tree.ts';
import { Unpacker } from '../../compare/index.ts';
import type { ByteSource } from '../../disk/index.ts';
import { storedXz } from '../../execute/toolchains/stored-toolchains.ts';
import { temporaryFolder } from '../../execute/action/temporary-folder.ts';
import { fail, toDiagnostic } from '../../model/diagnostic.ts';
import { printable } from '../../report/printable.ts';
import { MOST_NAMES, treeFolder, type Folder, type Item } from './folder.ts';
import { lookInside, type Inside } from './inside.ts';
import { pictureType } from './picture.ts';
import type { PageEntry, PageItem } from './protocol.ts';
import { Shared } from './shared.ts';
import { textOf } from './text.ts';

const MOST_ENTRIES = 2000;
/** Of each layer of what is compressed in a file. */
const MOST_UNPACKED_BYTES = 512 * 1024 * 1024;
/** Files that were looked into lately. */
const KEPT = 6;

/** A file that was looked into; what it holds is read from it, and from those that it lies in. */
type Opened = Shared<Promise<Inside>>;

/** One that is kept for the next who asks. */
interface Kept {
  readonly opened: Opened;
  readonly use: Disposable;
}

interface Unpacking extends Disposable {
  readonly unpacker: Unpacker;
}

/** What is at the end of a way, and what was opened last on it. */
interface Found {
  readonly item: Item;
  readonly within: Opened | undefined;
}

/** The bytes of a file, which can be read until this is disposed of. */
export interface Content extends Disposable {
  readonly source: ByteSource;
}

export class Browser implements Disposable {
  readonly #store: Store;
  readonly #root: string;
  readonly #kept = new Map<string, Kept>();
  readonly #open = new Set<Opened>();
  #xz: Promise<readonly string[]> | undefined;
  #ended = false;

  constructor(store: Store, root: string) {
    this.#store = store;
    this.#root = root;
  }

  /** What is at the end of a way of names, the first of which is an output's. Undefined where there is nothing. */
  async item(outputs: Entries, names: readonly string[]): Promise<PageItem | undefined> {
    using uses = new DisposableStack();
    const found = await this.#find(outputs, names, uses);
    if (!found) return undefined;
    const { item } = found;
    const common = {
      way: names.map(printable),
      entry: entryOf(names.at(-1)!, item),
      ...(item.digest === undefined ? {} : { digest: item.digest }),
    };
    try {
      return { ...common, ...(await this.#told(outputs, names, found, uses)) };
    } catch (error) {
      return { ...common, problem: printable(toDiagnostic(error).message) };
    }
  }

  /** The bytes of a file; undefined where there is none. */
  async content(outputs: Entries, names: readonly string[]): Promise<Content | undefined> {
    using uses = new DisposableStack();
    const source = (await this.#find(outputs, names, uses))?.item.content?.();
    if (!source) return undefined;
    const kept = uses.move();
    return { source, [Symbol.dispose]: () => kept.dispose() };
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#kept.clear();
    for (const opened of this.#open) opened.close();
  }

  /** What is opened on the way stays open until `uses` is disposed of. */
  async #find(outputs: Entries, names: readonly string[], uses: DisposableStack): Promise<Found | undefined> {
    if (names.length === 0 || names.length > MOST_NAMES) return undefined;
    let folder: Folder | undefined = treeFolder(this.#store, outputs);
    let found: Found | undefined;
    for (const [index, name] of names.entries()) {
      let within = found?.within;
      if (found?.item.folder) folder = found.item.folder();
      else if (found) {
        within = this.#opened(outputs, names.slice(0, index), found, uses);
        folder = (await within?.value)?.folder;
      }
      const item = folder?.find(name);
      if (!item) return undefined;
      found = { item, within };
    }
    return found;
  }

  async #told(
    outputs: Entries,
    names: readonly string[],
    found: Found,
    uses: DisposableStack,
  ): Promise<Partial<PageItem>> {
    const { item } = found;
    if (item.folder) return listed(item.folder());
    const inside = await this.#opened(outputs, names, found, uses)?.value;
    const format = inside?.format === undefined ? {} : { format: inside.format };
    if (inside?.folder) return { ...format, ...listed(inside.folder) };
    const source = inside?.content ?? item.content?.();
    if (!source) return {};
    const type = pictureType(source);
    if (type !== undefined)
      return { ...format, picture: { type, data: source.read(0, source.size).toString('base64') } };
    return { ...format, ...textOf(source) };
  }

  /** What is found at the end of a way, looked into. */
  #opened(outputs: Entries, names: readonly string[], found: Found, uses: DisposableStack): Opened | undefined {
    const source = found.item.content?.();
    if (!source) return undefined;
    const [output = ''] = names;
    const node = outputs.get(output);
    const key = JSON.stringify([node && 'digest' in node ? node.digest.hash : '', ...names]);
    const kept = this.#kept.get(key) ?? this.#keep(key, source, found.within);
    uses.use(kept.opened.use());
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size > KEPT) this.#forget(this.#kept.keys().next().value!);
    return kept.opened;
  }

  /** Kept until others were asked for, unless it cannot be looked into. */
  #keep(key: string, source: ByteSource, within: Opened | undefined): Kept {
    const opened = this.#lookInto(source, within);
    const kept = { opened, use: opened.use() };
    opened.value.catch(() => this.#kept.get(key) === kept && this.#forget(key));
    return kept;
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    kept?.use[Symbol.dispose]();
  }

  /** Each has a folder of its own, if something must be unpacked. */
  #lookInto(source: ByteSource, within: Opened | undefined): Opened {
    const use = within?.use();
    let unpacking: Promise<Unpacking> | undefined;
    const inside = lookInside(source, async () => (await (unpacking ??= this.#unpacking())).unpacker);
    const opened: Opened = new Shared(inside, () => {
      this.#open.delete(opened);
      use?.[Symbol.dispose]();
      unpacking?.then(
        (one) => one[Symbol.dispose](),
        () => {},
      );
    });
    this.#open.add(opened);
    return opened;
  }

  async #unpacking(): Promise<Unpacking> {
    const xz = await (this.#xz ??= this.#findXz());
    if (this.#ended) fail('UNPACK_FAILED', 'the page has ended');
    const folder = temporaryFolder(this.#store);
    const unpacker = new Unpacker(folder.path, xz, undefined, MOST_UNPACKED_BYTES);
    return {
      unpacker,
      [Symbol.dispose]() {
        unpacker[Symbol.dispose]();
        folder[Symbol.dispose]();
      },
    };
  }

  async #findXz(): Promise<readonly string[]> {
    return (await storedXz(this.#store, this.#root)) ?? ['xz'];
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

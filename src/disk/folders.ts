/** What readers of file systems have in common: folders that were read lately, and damage that does not hide the rest. */

/** Told of a path whose content cannot be read; throws, or notes it. */
export type OnDamage = (path: string, error: unknown) => void;

/** What a reader does that is not told otherwise. */
export const throwDamage: OnDamage = (_path, error) => {
  throw error;
};

/** A folder's entries, and each of them by name: the first of that name. */
export interface Folder<Entry> {
  readonly entries: readonly Entry[];
  readonly byName: ReadonlyMap<string, Entry>;
}

/** As many as a path has, and some. */
const KEPT = 16;

/** Keeps the folders that were read last, by number: looking up each file of a folder costs one reading of it. */
export class RecentFolders<Entry> {
  readonly #folders = new Map<number, Folder<Entry>>();
  readonly #nameOf: (entry: Entry) => string;

  constructor(nameOf: (entry: Entry) => string) {
    this.#nameOf = nameOf;
  }

  /** A folder of which `read` says that something is damaged is not kept: whoever asks for it is told again. */
  get(number: number, read: (damaged: () => void) => readonly Entry[]): Folder<Entry> {
    let isWhole = true;
    const folder = this.#folders.get(number) ?? this.#indexed(read(() => (isWhole = false)));
    this.#folders.delete(number);
    if (isWhole) this.#folders.set(number, folder);
    const oldest = this.#folders.keys().next().value;
    if (this.#folders.size > KEPT && oldest !== undefined) this.#folders.delete(oldest);
    return folder;
  }

  #indexed(entries: readonly Entry[]): Folder<Entry> {
    const byName = new Map<string, Entry>();
    for (const entry of entries) {
      const name = this.#nameOf(entry);
      if (!byName.has(name)) byName.set(name, entry);
    }
    return { entries, byName };
  }
}

/** Sends what actions read to where workers find it. What was sent for one is not looked through for the next. */
import { fail } from '../../src/model/diagnostic.ts';
import type { Digest } from '../../src/model/digest.ts';
import type { Store } from '../store.ts';
import type { RemoteBlobs } from './blobs.ts';
import { exportInputs } from './export.ts';
import type { RunnableAction } from './remote-action.ts';
import type { Source } from './source.ts';
import { fileKind, type Kind, type Traffic } from './traffic.ts';

export class Inputs {
  readonly #store: Store;
  readonly #traffic: Traffic;
  /** What the server was told to have, and has not, whatever it says when asked. */
  readonly #doubted = new Set<string>();
  /** Directories with all that is below them, by hash. */
  readonly #there = new Set<string>();

  constructor(store: Store, traffic: Traffic) {
    this.#store = store;
    this.#traffic = traffic;
  }

  /**
   * Sends what the server lacks. What neither it nor the store has is told to `lose`, and is a `BLOB_MISSING` failure: what
   * made it runs again.
   */
  async send(blobs: RemoteBlobs, action: RunnableAction, lose: (gone: readonly Digest[]) => void): Promise<void> {
    const { messages, files } = exportInputs(this.#store, action, ({ hash }) => this.#there.has(hash));
    const sources = [
      ...messages.map((one) => this.#counting(one, 'trees')),
      ...files.map((one) => this.#counting(one, fileKind(one.digest))),
    ];
    const all = sources.map(({ digest }) => digest);
    const doubted = all.filter(({ hash }) => this.#doubted.has(hash));
    const missing = [...doubted, ...(await blobs.missing(all.filter(({ hash }) => !this.#doubted.has(hash))))];
    const known = new Set(messages.map(({ digest }) => digest.hash));
    const gone = missing.filter((of) => !known.has(of.hash) && !this.#store.cas.has(of));
    if (gone.length > 0) {
      lose(gone);
      fail(
        'BLOB_MISSING',
        `neither the store nor the server has all that an action reads: it lacks ${gone.length} of its blobs`,
        {
          hint: 'run the same command again: what made them runs again',
        },
      );
    }
    await blobs.send(sources, missing);
    for (const hash of known) this.#there.add(hash);
    for (const { hash } of doubted) this.#doubted.delete(hash);
  }

  /** The server has lost something: all is looked through again, and what it has named is sent again. */
  forget(named: Iterable<string>): void {
    this.#there.clear();
    for (const hash of named) this.#doubted.add(hash);
  }

  #counting(source: Source, kind: Kind): Source {
    return { ...source, onSent: (bytes) => (this.#traffic.written[kind] += bytes) };
  }
}

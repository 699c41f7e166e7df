/** Files that are in their places and not yet durable. They are made so together, just before something refers to them. */
import { syncFiles } from './files.ts';

/** More files than this are made durable by one pass over the file system instead of one by one. */
const MANY_FILES = 16;

export class Unsynced {
  #files: string[] = [];
  #syncing: Promise<void>[] = [];
  /** Who comes second must not find an empty list while the first one's files are still on their way to the disk. */
  #last: Promise<void> = Promise.resolve();

  /** A file that nobody has begun to make durable. */
  add(file: string): void {
    this.#files.push(file);
  }

  /** A file that is on its way. */
  addSyncing(syncing: Promise<void>): void {
    this.#syncing.push(syncing);
  }

  /** Makes durable all that was added before the call. `syncAll` syncs the whole file system. */
  sync(syncAll?: () => Promise<void>): Promise<void> {
    const synced = this.#last.then(() => this.#sync(syncAll));
    this.#last = synced.catch(() => undefined);
    return synced;
  }

  async #sync(syncAll: (() => Promise<void>) | undefined): Promise<void> {
    const files = this.#files.splice(0);
    const syncing = this.#syncing.splice(0);
    try {
      await Promise.all(syncing);
      await (syncAll && files.length > MANY_FILES ? syncAll() : syncFiles(files));
    } catch (error) {
      this.#files.push(...files);
      throw error;
    }
  }
}
